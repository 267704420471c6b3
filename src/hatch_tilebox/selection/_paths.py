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
_NOT_ON_WINDOWS = re.compile(
    r'[<>:"\\|?*\x00-\x1f]|[. ](?:/|$)|(?:^|/)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.[^/]*)?(?:/|$)', re.IGNORECASE
)
_SHOWN = 5


def path_problems(files: Sequence[SelectedFile]) -> tuple[list[Problem], list[Problem]]:
    """What a release cannot hold, and what is doubtful, about the paths of `files`: errors and warnings.

    Two paths that differ in case or Unicode form only are one file on macOS and Windows: the one would silently replace the other.
    """
    errors: list[Problem] = []
    taken: dict[str, str] = {}
    for file in files:
        folded = normalize(file.path).lower()
        if folded == MANIFEST_PATH:
            hint = "rename it, or leave it out with an exclude pattern"
            errors.append(Problem(f"{file.path} has the name of the manifest, which every release holds", hint))
        other = taken.setdefault(folded, file.path)
        if other != file.path:
            message = f"{_shown(other)} and {_shown(file.path)} are one file on macOS and Windows"
            errors.append(Problem(message, "rename one, or leave one out with an exclude pattern"))
    errors += _files_named_like_folders(files, taken)
    odd = [file.path for file in files if _NOT_ON_WINDOWS.search(file.path)]
    if not odd:
        return errors, []
    names = ", ".join(odd[:_SHOWN]) + (f" and {len(odd) - _SHOWN} more" if len(odd) > _SHOWN else "")
    return errors, [Problem(f"Windows cannot unpack a release with these names: {names}")]


def _files_named_like_folders(files: Sequence[SelectedFile], taken: dict[str, str]) -> list[Problem]:
    folders = {file.path.rpartition("/")[0] for file in files}
    problems = []
    for folder in sorted(folders):
        other = taken.get(normalize(folder).lower())
        if other is not None:
            message = f"the file {_shown(other)} and the folder {_shown(folder)} are one name on macOS and Windows"
            problems.append(Problem(message, "rename one, or leave one out with an exclude pattern"))
    return problems


def _shown(path: str) -> str:
    """The path so that two which look alike can be told apart."""
    return path if path.isascii() else f"{path} ({path!a})"
