"""Reading the selected files: their digests, and their content again while it is packed."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.model import FileEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hatch_tilebox.core.model import FileSet, SelectedFile

CHUNK = 2**20
"""Bytes of one file that are in memory at a time."""

SMALL_FILE = 64 * 2**10
"""Bytes of a file that may be kept in memory between its uses."""
KEPT_BYTES = 32 * 2**20
"""Bytes of all such files together."""

# O_NONBLOCK: a pipe that took a file's name since it was selected must not hold up the build.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_small_files(files: FileSet) -> dict[str, bytes]:
    """The contents of small files by their paths, `KEPT_BYTES` in all at most: they need not be read again for each use.

    Raises ArchiveError where a file cannot be read or has another size than when it was selected.
    """
    contents: dict[str, bytes] = {}
    left = KEPT_BYTES
    for file in files.files:
        if file.size <= min(SMALL_FILE, left):
            contents[file.path] = b"".join(read_chunks(file))
            left -= file.size
    return contents


def hash_files(files: FileSet, contents: Mapping[str, bytes] | None = None) -> tuple[FileEntry, ...]:
    """The manifest's entries of the selected files, in their order. `contents` are those of some of them, by their paths.

    Raises ArchiveError where a file cannot be read or has another size than when it was selected.
    """
    return tuple(_hash(file, contents) for file in files.files)


def read_chunks(file: SelectedFile, contents: Mapping[str, bytes] | None = None) -> Iterable[bytes]:
    """The content of a file, from `contents` or in chunks of at most `CHUNK` bytes; `file.size` bytes in all.

    Raises ArchiveError where it cannot be read or has another size.
    """
    if contents and (known := contents.get(file.path)) is not None:
        return (known,)
    try:
        if file.size < CHUNK:
            descriptor = os.open(file.on_disk, _FLAGS)
            try:
                data = os.read(descriptor, file.size + 1)
            finally:
                os.close(descriptor)
            if len(data) == file.size:
                return (data,)
    except OSError as error:
        raise _unreadable(file, error) from error
    return _read_slowly(file)


def _read_slowly(file: SelectedFile) -> Iterator[bytes]:
    """Large files, those that come in small pieces, and those that changed."""
    left = file.size
    try:
        descriptor = os.open(file.on_disk, _FLAGS)
        try:
            while data := os.read(descriptor, min(left + 1, CHUNK)):
                left -= len(data)
                if left < 0:
                    break
                yield data
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(file, error) from error
    if left:
        raise changed(file.path)


def changed(path: str) -> ArchiveError:
    """The error of a file that is no longer what it was when it was selected."""
    return ArchiveError(Problem(f"{path!r} changed while the release was built", "build again when nothing writes to it"))


def _hash(file: SelectedFile, contents: Mapping[str, bytes] | None) -> FileEntry:
    digest = hashlib.sha256()
    for chunk in read_chunks(file, contents):
        digest.update(chunk)
    return FileEntry(file.path, file.size, file.mode, digest.hexdigest())


def _unreadable(file: SelectedFile, error: OSError) -> ArchiveError:
    return ArchiveError(Problem(f"{file.path!r} cannot be read: {error.strerror}"))
