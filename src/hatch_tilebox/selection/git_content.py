"""Content that git has not downloaded: files as Git LFS pointers, and submodules that are not initialized."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem, SelectionError
from hatch_tilebox.core.progress import format_size
from hatch_tilebox.selection.patterns.globs import escape, exclude_line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hatch_tilebox.core.model import FileSet, SelectedFile

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
            size = _size_behind_pointer(_read(file) if content is None else content)
            if size is not None:
                sizes[file.path] = size
    if not sizes:
        return ()
    problems = [_pointer_problem(path, size) for path, size in list(sizes.items())[:_LISTED]]
    if rest := list(sizes.values())[_LISTED:]:
        problems.append(
            Problem(
                f"{len(rest)} more files are Git LFS pointers, for {format_size(sum(rest))}", "run `git lfs pull`", code="TBX112"
            )
        )
    raise SelectionError(*problems)


def uninitialized_submodules(root: str, empty_folders: Collection[str]) -> set[str]:
    """Return those of `empty_folders`, paths below `root`, that are submodules of the repository around `root`.

    git leaves the folder of a submodule empty until it is initialized.
    """
    repository = root
    while empty_folders and not any(os.path.lexists(os.path.join(repository, name)) for name in (".git", ".gitmodules")):
        if repository == os.path.dirname(repository):
            return set()
        repository = os.path.dirname(repository)
    listing = os.path.join(repository, ".gitmodules")
    if not empty_folders or not os.path.isfile(listing):
        return set()
    try:
        with open(listing, encoding="utf-8", errors="surrogateescape") as file:
            paths = {os.path.join(repository, path) for path in re.findall(_SUBMODULE, file.read())}
    except OSError:
        return set()
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


def _read(file: SelectedFile) -> bytes:
    with open(file.on_disk, "rb") as opened:
        return opened.read(_LARGEST_POINTER)
