"""Paths that cannot be unpacked everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_tilebox.errors import Problem
from hatch_tilebox.model import MANIFEST_PATH
from hatch_tilebox.selection.globs import normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.model import SelectedFile

__all__ = ["path_problems"]

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
# Three expressions, as each alone is found fast; they expect a slash before and after every part of a path.
_NOT_ON_WINDOWS = (
    re.compile(r'[<>:"\\|?*\x00-\x1f]'),
    re.compile(r"[. ]/"),
    re.compile(r"/(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^/]*)?/"),
)
_SHOWN = 5
_WAY_OUT = "rename one, or leave one out with an exclude pattern"


def path_problems(files: Sequence[SelectedFile]) -> tuple[list[Problem], list[Problem]]:
    """What a release cannot hold, and what is doubtful, about the paths of `files`: errors and warnings.

    Two paths that differ in case or Unicode form only are one file on macOS and Windows: the one would silently replace the other.
    """
    if not files:
        return [], []
    # All paths in one text: one search finds that nothing is wrong, which is nearly always so. No path holds a NUL.
    paths = [file.path for file in files]
    folded = normalize("\0".join(paths)).lower().split("\0")
    errors = _collisions(paths, folded)
    if not _odd_on_windows("/".join(folded)):
        return errors, []
    odd = [path for path in paths if _odd_on_windows(path.lower())]
    names = ", ".join(odd[:_SHOWN]) + (f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else "")
    return errors, [Problem(f"Windows cannot unpack a release with these names: {names}")]


def _collisions(paths: Sequence[str], folded: Sequence[str]) -> list[Problem]:
    """Files that share a folded path with another, with a folder or with the manifest."""
    folders = _folders(folded)
    distinct = set(folded)
    if len(distinct) == len(paths) and MANIFEST_PATH not in distinct and folders.isdisjoint(distinct):
        return []
    problems = []
    taken: dict[str, str] = {}
    for path, key in zip(paths, folded, strict=True):
        if key == MANIFEST_PATH:
            problems.append(Problem(f"{path} has the name of the manifest, which every release holds", _WAY_OUT))
        other = taken.setdefault(key, path)
        if other != path:
            problems.append(Problem(f"{_shown(other)} and {_shown(path)} are one file on macOS and Windows", _WAY_OUT))
        elif key in folders:
            problems.append(Problem(f"{_shown(path)} is also the name of a folder on macOS and Windows", _WAY_OUT))
    return problems


def _folders(paths: Sequence[str]) -> set[str]:
    """All folders above `paths`."""
    folders: set[str] = set()
    above = {path[: max(path.rfind("/"), 0)] for path in paths}
    while above := above - folders - {""}:
        folders |= above
        above = {path.rpartition("/")[0] for path in above}
    return folders


def _odd_on_windows(path: str) -> bool:
    return any(regex.search(f"/{path}/") for regex in _NOT_ON_WINDOWS)


def _shown(path: str) -> str:
    """The path so that two which look alike can be told apart."""
    return path if path.isascii() else f"{path} ({path!a})"
