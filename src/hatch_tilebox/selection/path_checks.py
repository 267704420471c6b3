"""Paths that cannot be unpacked everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import MANIFEST_PATH
from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.paths import folders_above
from hatch_tilebox.core.printable import has_controls, printable
from hatch_tilebox.selection.patterns.globs import normalize

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hatch_tilebox.core.model import SelectedFile

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_FORBIDDEN = '<>:"\\|?*'
_RESERVED = re.compile(r"/(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^/]*)?/")
_SHOWN = 5
_HINT = "rename one, or leave one out with an exclude pattern"


def check_paths(files: Sequence[SelectedFile], folders: Collection[str]) -> tuple[list[Problem], list[Problem]]:
    """Return errors and warnings about the paths of `files`, which are in `folders`.

    Two paths that differ in case or Unicode form only are one file on macOS and Windows: one would silently replace the other.
    """
    if not files:
        return [], []
    # One search in the text of all paths is much faster than a search in each, and nearly always finds nothing wrong.
    paths = [file.path for file in files]
    folded = normalize("\0".join(paths)).lower().split("\0")
    errors = _collisions(paths, folded, folders) + _controls(paths)
    if not _odd_on_windows("/".join(folded)):
        return errors, []
    odd = [path for path in paths if _odd_on_windows(path.lower())]
    names = ", ".join(odd[:_SHOWN]) + (f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else "")
    return errors, [Problem(f"Windows cannot unpack a release with these names: {names}", code="TBX107")]


def _controls(paths: Sequence[str]) -> list[Problem]:
    """Return an error for each path that could control the terminal of a user who lists the release."""
    if "/".join(paths).isprintable():
        return []
    hint = "rename it, or leave it out with an exclude pattern"
    return [
        Problem(f"{printable(path)} has a control character in its path", hint, code="TBX107")
        for path in paths
        if has_controls(path)
    ]


def _collisions(paths: Sequence[str], folded: Sequence[str], parents: Collection[str]) -> list[Problem]:
    """Return an error for each file that shares a folded path with another file, a folder or the manifest."""
    folders = {normalize(folder).lower() for folder in parents}
    folders |= folders_above(folders)
    distinct = set(folded)
    if len(distinct) == len(paths) and MANIFEST_PATH not in distinct and folders.isdisjoint(distinct):
        return []
    problems = []
    taken: dict[str, str] = {}
    for path, key in zip(paths, folded, strict=True):
        if key == MANIFEST_PATH:
            problems.append(Problem(f"{path} has the name of the manifest, which every release contains", _HINT, code="TBX107"))
        other = taken.setdefault(key, path)
        if other != path:
            problems.append(Problem(f"{_shown(other)} and {_shown(path)} are one file on macOS and Windows", _HINT, code="TBX107"))
        elif key in folders:
            problems.append(Problem(f"{_shown(path)} is also the name of a folder on macOS and Windows", _HINT, code="TBX107"))
    return problems


def _odd_on_windows(path: str) -> bool:
    text = f"/{path}/"
    return "./" in text or " /" in text or any(char in text for char in _FORBIDDEN) or bool(_RESERVED.search(text))


def _shown(path: str) -> str:
    """Return the path with escapes for other than ASCII characters, since two paths may look alike."""
    return printable(path) if path.isascii() else f"{printable(path)} ({path!a})"
