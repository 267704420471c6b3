"""Problems for patterns that select or exclude nothing, with what was perhaps meant."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.file_names import released_name
from hatch_tilebox.core.suggestions import close_match
from hatch_tilebox.selection.built_in_rules import GENERATED_FOLDERS, is_never_shipped
from hatch_tilebox.selection.git_content import submodule_hint
from hatch_tilebox.selection.patterns.globs import SPECIAL, escape, normalize

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.selection.walk import Rule, Walk


def includes_without_effect(
    walk: Walk,
    unused: Collection[int],
    folders: Mapping[int, str],
    kept_out: Mapping[int, tuple[str, Rule]],
    unseen: Sequence[tuple[str, Rule]],
    submodules: Mapping[int, str],
) -> list[Problem]:
    """Return a problem for each include pattern of `unused`: the folder it names, what keeps its files out, or a similar name.

    `unseen` are folders that a rule kept out before they were opened, `submodules` the uninitialized ones that a pattern reaches.
    """
    problems = []
    for index, pattern in enumerate(walk.includes.patterns):
        if index not in unused or pattern.text == LOCK_NAME:  # discovery reports a missing lock, with what to do
            continue
        if index in submodules:
            message = f'"{pattern.text}" matches nothing: {submodules[index]} is a Git submodule that is not initialized'
            problems.append(Problem(message, submodule_hint(submodules[index]), pattern.location, code="TBX113"))
        elif index in kept_out:
            path, rule = kept_out[index]
            message = f'"{pattern.text}" selects nothing: {path} is kept out by {rule.text}'
            if rule.location:
                message += f" ({rule.location})"
            hint = "name single files without wildcards, or copy them to another folder" if rule.kind == "generated" else None
            problems.append(Problem(message, hint, pattern.location, code="TBX102"))
        elif index in folders:
            problems.append(_names_folder(pattern.text, folders[index], pattern.location))
        else:
            hint = _close(walk, pattern.text)
            if hint is None and "**" in pattern.text and unseen:
                path, rule = unseen[0]
                hint = f"{path} is not searched: it is kept out by {rule.text}"
            problems.append(Problem(f'"{pattern.text}" matches nothing', hint, pattern.location, code="TBX102"))
    return problems


def excludes_without_effect(walk: Walk, excluded_by: Collection[int], folders: Mapping[int, str]) -> list[Problem]:
    """Return a problem for each exclude pattern that names a folder and therefore excludes nothing.

    Other exclude patterns may match nothing: what they exclude need not exist at every build.
    """
    return [
        _names_folder(pattern.text, folders[index], pattern.location)
        for index, pattern in enumerate(walk.excludes.patterns)
        if index in folders and index not in excluded_by
    ]


def _names_folder(text: str, folder: str, location: Location | None) -> Problem:
    better = f"{text.rstrip('/')}/**"
    return Problem(f'"{text}" matches a folder ({folder}), but patterns match files', f'write "{better}"', location, code="TBX102")


def _close(walk: Walk, text: str) -> str | None:
    """Return a hint for a pattern that matches nothing, from the names on disk; None where no name is similar."""
    if "\\" in text and "/" not in text:
        slashed = text.replace("\\", "/")
        return f'a backslash escapes the next character; separate folders with "/": "{slashed}"'
    if not text.strip("./"):
        return 'write "**" for all files under the root'
    parts = text.split("/")
    folder = walk.root
    for at, part in enumerate(parts):
        if SPECIAL.intersection(part):
            return _misplaced_stars(text) if "**" in part else None
        if part in {"", "."}:
            continue
        names = _names(folder)
        if normalize(part) not in names:
            return _spelling(folder, names, parts, at)
        folder = os.path.join(folder, names[normalize(part)])
    return None


def _spelling(folder: str, names: Mapping[str, str], parts: list[str], at: int) -> str | None:
    close = close_match(normalize(parts[at]), names)
    if close is None:
        return None
    found = names[close]
    rest = parts[at + 1 :]
    if not rest and os.path.isdir(os.path.join(folder, found)):
        rest = ["**"]
    meant = "/".join([*parts[:at], escape(found), *rest])
    return f'did you mean "{meant}"?'


def _misplaced_stars(text: str) -> str | None:
    """Return a hint for a pattern like `src/**.py`: only a `**` between slashes matches folders."""
    fixed = re.sub(r"(?<=[^*/])\*\*(?=/|$)", "*/**", re.sub(r"(^|/)\*\*(?=[^*/])", r"\1**/*", text))
    return f'only a "**" between slashes matches folders: "{fixed}"' if fixed != text else None


def _names(folder: str) -> dict[str, str]:
    """Return the entries of `folder` by their normalized names, without those that are never part of a release."""
    try:
        found = [*map(released_name, os.listdir(folder))]
    except OSError:
        return {}
    return {normalize(name): name for name in sorted(found) if name not in GENERATED_FOLDERS and not is_never_shipped(name)}
