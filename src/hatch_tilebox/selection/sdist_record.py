"""What an sdist holds and the release of its project does not: written into the sdist, and heeded by builds from it.

Frontends put files into an sdist that are not the project's: hatchling ships a `.gitignore` from a folder above as the project's
own. And no sdist can hold `.git/info/exclude`. Without a record, the sdist would have another release than the tree.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.constants import NEVER_SHIPPED, NEVER_SHIPPED_SUFFIXES, SDIST_RECORD
from hatch_tilebox.core.errors import Location, Problem, SelectionError
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.selection.patterns.globs import GlobSet, normalize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_tilebox.core.model import FileSet, Pattern

__all__ = ["SdistRecord", "read_record", "record_of"]

_ABOUT = "Written by hatch-tilebox into an sdist: files here that its release leaves out, and ignore files that do not count."


class SdistRecord(NamedTuple):
    """Paths relative to the root of the workflow: files that no release takes, and ignore files whose rules do not count."""

    left_out: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()

    def to_json(self) -> bytes:
        """The bytes of the file."""
        values = {"about": _ABOUT, "left-out": sorted(self.left_out), "unread": sorted(self.unread)}
        return json.dumps(values, indent=2).encode() + b"\n"


def read_record(root: str) -> SdistRecord:
    """The record in the folder `root`, an empty one where there is none. Raises SelectionError where it is damaged."""
    try:
        values = json.loads(read_text(Path(root, SDIST_RECORD)))
        left_out, unread = values["left-out"], values["unread"]
        if all(isinstance(item, str) for item in (*left_out, *unread)):
            return SdistRecord(frozenset(left_out), frozenset(unread))
        cause = "paths must be strings"
    except FileNotFoundError:
        return SdistRecord()
    except (UnreadableTextError, ValueError, TypeError, KeyError, RecursionError) as error:
        cause = str(error)
    hint = "unpack the sdist again; in a project of your own, remove the file"
    raise SelectionError(Problem(f"cannot be read as the record of an sdist: {cause}", hint, Location(SDIST_RECORD)))


def record_of(files: FileSet, include: Sequence[Pattern], exclude: Sequence[Pattern], held: Iterable[str]) -> SdistRecord:
    """What a build from an sdist with the paths `held` has to know to select `files`, the release of the tree."""
    released = {file.path for file in files.files}
    includes, excludes = GlobSet(include), GlobSet(exclude)
    before = read_record(str(files.root))
    left_out, unread = set(), set()
    for path in held:
        if path.rpartition("/")[2] == ".gitignore" and not _is_read(str(files.root), path, before):
            unread.add(path)
        if path not in released and not _never_shipped(path) and _matches(includes, path) and not _matches(excludes, path):
            left_out.add(path)
    return SdistRecord(frozenset(left_out), frozenset(unread))


def _is_read(root: str, path: str, before: SdistRecord) -> bool:
    """Whether a selection of the tree heeds the ignore file."""
    source = os.path.join(root, path)
    return path not in before.unread and os.path.isfile(source) and not os.path.islink(source)


def _never_shipped(path: str) -> bool:
    return any(part in NEVER_SHIPPED or part.endswith(NEVER_SHIPPED_SUFFIXES) for part in path.split("/"))


def _matches(globs: GlobSet, path: str) -> bool:
    *folders, name = normalize(path).split("/")
    state = globs.start
    for folder in folders:
        state = globs.enter(state, folder)
    return bool(state.match(name))
