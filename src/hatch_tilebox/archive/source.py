"""Read the selected files: once for their digests, and again to pack them."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.model import FileEntry
from hatch_tilebox.core.paths import READ_FLAGS
from hatch_tilebox.core.small_files import SmallFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hatch_tilebox.core.model import FileSet, SelectedFile

CHUNK = 2**20
"""Bytes of one file that are in memory at the same time."""


def read_small_files(files: FileSet, contents: SmallFiles | None = None) -> SmallFiles:
    """Return `contents`, which has the contents of some of the small files already, with those of the others.

    Raises ArchiveError if a file cannot be read or its size has changed since it was selected.
    """
    contents = SmallFiles() if contents is None else contents
    for file in files.files:
        if file.path not in contents and contents.fits(file.size):
            contents.keep(file.path, _read_whole(file))
    return contents


def hash_files(files: FileSet, contents: Mapping[str, bytes] | None = None) -> tuple[FileEntry, ...]:
    """Return the manifest entries of the selected files in their order. `contents` has the contents of some of them by path.

    Raises ArchiveError if a file cannot be read or its size has changed since it was selected.
    """
    known = contents or {}
    return tuple([FileEntry(file.path, file.size, file.mode, _digest(file, known)) for file in files.files])


def read_chunks(file: SelectedFile) -> Iterable[bytes]:
    """Return the content of a file in chunks of at most `CHUNK` bytes.

    Raises ArchiveError if the file cannot be read or does not have `file.size` bytes.
    """
    return (_read_whole(file),) if file.size < CHUNK else _read_in_pieces(file)


def _read_whole(file: SelectedFile) -> bytes:
    try:
        descriptor = os.open(file.on_disk, READ_FLAGS)
        try:
            data = os.read(descriptor, file.size + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(file, error) from error
    return data if len(data) == file.size else b"".join(_read_in_pieces(file))


def _read_in_pieces(file: SelectedFile) -> Iterator[bytes]:
    """Yield the content of a large file, a file that is read in small pieces, or a changed file."""
    left = file.size
    try:
        descriptor = os.open(file.on_disk, READ_FLAGS)
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
    """Return the error for a file that has changed since it was selected."""
    return ArchiveError(
        Problem(f"{path!r} changed while the release was built", "build again when no program writes to it", code="TBX119")
    )


def _digest(file: SelectedFile, known: Mapping[str, bytes]) -> str:
    if file.path in known:
        return hashlib.sha256(known[file.path]).hexdigest()
    digest = hashlib.sha256()
    for chunk in read_chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def _unreadable(file: SelectedFile, error: OSError) -> ArchiveError:
    return ArchiveError(Problem(f"{file.path!r} cannot be read: {error.strerror}", code="TBX106"))
