"""Whether an sdist is sure to hold all that a release needs, found without the rules that select its files.

Nearly every sdist does. To see that takes one look at the folders that globs can reach: a fraction of what it costs to load and
apply the rules. The answer "no" only means that they have to be asked.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import (
    CONFIG_NAME,
    ENVIRONMENT_MARK,
    NEVER_SHIPPED,
    NEVER_SHIPPED_SUFFIXES,
    REPOSITORY_EXCLUDE,
    SDIST_RECORD,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

__all__ = ["holds_release"]

_PLAIN = re.compile(r"(?!\.\.?$)[A-Za-z0-9_.-]+")
_NEEDED_TO_SELECT = (CONFIG_NAME, ".gitignore", "uv.lock")


def holds_release(project: str, shipped: AbstractSet[str]) -> bool:
    """Whether an sdist of the folder `project` that ships the paths `shipped` holds what its release and their selection need.

    Paths are relative and have the separator of the system. The configuration is the one in the folder itself. False where it
    takes the rules of selection, or their error messages, to tell: for files that both may leave out, links, and mistakes.
    """
    if not os.path.isfile(os.path.join(project, CONFIG_NAME)):
        return False
    try:
        with open(os.path.join(project, CONFIG_NAME), "rb") as file:
            endings = _endings(tomllib.load(file))
        if endings is None or _repository_has_rules(project) or os.path.lexists(os.path.join(project, SDIST_RECORD)):
            return False
        for entry in _entries(project):
            wanted = endings[""] + endings.get(entry.name, ()) if entry.name.isascii() else ("",)
            if wanted and entry.name != "dist" and not _ships(entry, entry.name, wanted, shipped):
                return False
    except (OSError, ValueError, RecursionError):
        return False
    return True


def _endings(tables: dict[str, Any]) -> dict[str, tuple[str, ...]] | None:
    """How the names of files end that globs may select, by the entry of the project in which they lie, "" for any.

    None where the root of the workflow is another folder.
    """
    match tables:
        case {"workflow": {**workflow}, "build": {"include": [*globs]}} if workflow.get("root", ".") == ".":
            endings: dict[str, tuple[str, ...]] = {"": (), **{name: (name,) for name in _NEEDED_TO_SELECT}}
            for glob in map(str, globs):
                first, last = glob.partition("/")[0], glob.rpartition("/")[2].removeprefix("*")
                entry, ending = (part if _PLAIN.fullmatch(part) else "" for part in (first, last))
                endings[entry] = (*endings.get(entry, ()), ending)
            return endings
    return None


def _repository_has_rules(project: str) -> bool:
    """Whether there may be ignore rules in the repository, where no sdist can hold them."""
    if not os.path.isdir(os.path.join(project, ".git")):
        return os.path.lexists(os.path.join(project, ".git"))  # a file that names the repository
    try:
        with open(os.path.join(project, *REPOSITORY_EXCLUDE.split("/")), "rb") as file:
            return any(line.strip() and not line.startswith(b"#") for line in file)
    except FileNotFoundError:
        return False


def _ships(entry: os.DirEntry[str], path: str, endings: tuple[str, ...], shipped: AbstractSet[str]) -> bool:
    """Whether `shipped` has the file `entry`, or all files below it, as far as their names end in one of `endings`."""
    name = entry.name
    if name in NEVER_SHIPPED or name.endswith(NEVER_SHIPPED_SUFFIXES):
        return True
    if entry.is_symlink():
        return False
    if entry.is_file():
        # A name that is not ASCII may match a glob that spells it in another Unicode form.
        return path in shipped or (name.isascii() and name != ".gitignore" and not name.endswith(endings))
    if not entry.is_dir():
        return True
    below = _entries(entry.path)
    if any(found.name == ENVIRONMENT_MARK for found in below):
        return True
    return all(_ships(found, os.path.join(path, found.name), endings, shipped) for found in below)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)
