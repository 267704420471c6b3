"""Content that git has not downloaded: files as Git LFS pointers, and submodules that are not initialized."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem, SelectionError
from hatch_tilebox.core.progress import format_size
from hatch_tilebox.selection.patterns.globs import escape, exclude_line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hatch_tilebox.core.model import FileSet

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = b"version https://git-lfs.github.com/spec/v1"
_LARGEST_POINTER = 1024
_LISTED = 10
_SUBMODULE = r'(?m)^\s*path\s*=\s*"?(.+?)"?\s*$'


def check_lfs_pointers(files: FileSet, contents: Mapping[str, bytes] | None = None) -> tuple[Problem, ...]:
    """Return no warnings. Raises SelectionError for files that are Git LFS pointers in the place of their content.

    `contents` are the contents of some of the files by their paths, where they are already known.
    """
    sizes: dict[str, int] = {}
    for file in files.files:
        if len(_POINTER) < file.size < _LARGEST_POINTER:
            content = (contents or {}).get(file.path)
            size = _size_behind_pointer(file.source.read_bytes() if content is None else content)
            if size is not None:
                sizes[file.path] = size
    problems = [_pointer_problem(path, size) for path, size in list(sizes.items())[:_LISTED]]
    if rest := list(sizes.values())[_LISTED:]:
        message = f"{len(rest)} more files are Git LFS pointers, for {format_size(sum(rest))}"
        problems.append(Problem(message, "run `git lfs pull`", code="TBX112"))
    if problems:
        raise SelectionError(*problems)
    return ()


def uninitialized_submodules(root: str, empty_folders: Collection[str]) -> set[str]:
    """Return those of `empty_folders`, paths below `root`, that are submodules of the repository around `root`.

    git leaves the folder of a submodule empty until it is initialized.
    """
    if not empty_folders:
        return set()
    above = (Path(root), *Path(root).parents)
    repository = next((folder for folder in above if any(os.path.lexists(folder / name) for name in (".git", ".gitmodules"))), None)
    if repository is None or not (repository / ".gitmodules").is_file():
        return set()
    try:
        listing = (repository / ".gitmodules").read_text("utf-8", "surrogateescape")
    except OSError:
        return set()
    paths = {os.path.join(repository, path) for path in re.findall(_SUBMODULE, listing)}
    return {folder for folder in empty_folders if os.path.join(root, folder) in paths}


def submodule_hint(path: str) -> str:
    """Return what to do about the submodule `path`."""
    return f"run `git submodule update --init {path}`"


def _pointer_problem(path: str, size: int) -> Problem:
    real = f" of {format_size(size)}" if size else ""
    hint = f"run `git lfs pull`, or leave it out: {exclude_line(escape(path))}"
    return Problem(f"the file is a Git LFS pointer; its content{real} is not here", hint, Location(path), code="TBX112")


def _size_behind_pointer(content: bytes) -> int | None:
    """Return the size of the content that a pointer stands for, 0 where it gives none; None for a file that is not a pointer."""
    if not content.startswith(_POINTER):
        return None
    lines = content.splitlines()
    if lines[0].rstrip() != _POINTER:
        return None
    return next((int(line[5:]) for line in lines if re.fullmatch(rb"size [0-9]{1,18}", line)), 0)
