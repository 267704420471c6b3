"""Write a release into a `.tbrelease` file."""

from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from hatch_tilebox.archive import layout
from hatch_tilebox.archive.source import CHUNK, changed, read_chunks
from hatch_tilebox.archive.zstd import CompressionParameter, ZstdCompressor
from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.model import MANIFEST_PATH, Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from hatch_tilebox.core.model import FileSet, ReleaseManifest

LEVEL = 3
WINDOW_LOG = 21
"""Constants of the format, chosen from the table in docs/reference/format.md. Other values give other bytes."""


def write_archive(
    manifest: ReleaseManifest, files: FileSet, destination: Path, contents: Mapping[str, bytes] | None = None
) -> Artifact:
    """Pack the `files` of `manifest` into the file `destination`, and replace an existing file.

    `contents` has the contents of some of the files by path (see `read_small_files`).

    The file is written completely or not at all, with the permissions of an ordinary new file; its folder is created if needed.
    The memory used does not depend on the files. The same manifest and contents give the same bytes with the same libzstd.

    Raises ArchiveError if a file cannot be packed, cannot be read or differs from its entry in the manifest, and if `destination`
    cannot be written. Raises ValueError if the manifest is of other files.
    """
    if [(file.path, file.size, file.mode) for file in files.files] != [
        (file.path, file.size, file.mode) for file in manifest.files
    ]:
        msg = "the manifest is of other files"
        raise ValueError(msg)
    layout.check_files(manifest.files)
    data = manifest.to_json()
    if fault := layout.manifest_fault(data):
        raise ArchiveError(Problem(f"the manifest {fault}", f"select fewer files than {len(manifest.files)}", code="TBX403"))
    with _new_file(destination) as raw, ThreadPoolExecutor(1) as helper:
        packed = _Packed(raw, layout.stream_size(len(data), manifest.files), helper)
        packed.write(layout.member_header(MANIFEST_PATH, len(data), layout.MANIFEST_MODE, hashlib.sha256(data).hexdigest()))
        packed.write(data + layout.padding(len(data)))
        for file, entry in zip(files.files, manifest.files, strict=True):
            packed.write(layout.member_header(*entry))
            digest = hashlib.sha256()
            for chunk in read_chunks(file, contents):
                digest.update(chunk)
                packed.write(chunk)
            if digest.hexdigest() != entry.sha256:
                raise changed(entry.path)
            packed.write(layout.padding(entry.size))
        packed.write(layout.END)
        size = packed.close()
    return Artifact(destination, packed.digest.hexdigest(), size)


class _Packed:
    """The compressed stream: one frame with content size and checksum. `size` is the number of bytes before compression.

    The only thread of `helper` compresses a chunk while the next one is read, because both take half of the time. The chunks keep
    their order, so this does not change the bytes.
    """

    def __init__(self, raw: BinaryIO, size: int, helper: Executor) -> None:
        self.digest = hashlib.sha256()
        self._raw = raw
        self._helper = helper
        self._size = 0
        self._parts: list[bytes] = []
        self._gathered = 0
        self._running: Future[None] | None = None
        self._compressor = ZstdCompressor(
            options={
                CompressionParameter.compression_level: LEVEL,
                CompressionParameter.window_log: WINDOW_LOG,
                CompressionParameter.checksum_flag: 1,
            }
        )
        self._compressor.set_pledged_input_size(size)

    def write(self, data: bytes) -> None:
        """Add `data`. Small pieces are collected, because a call of the compressor takes longer than their compression."""
        self._parts.append(data)
        self._gathered += len(data)
        if self._gathered >= CHUNK:
            self._hand_over()

    def close(self) -> int:
        """End the frame and return its size in bytes."""
        self._hand_over()
        self._wait()
        self._emit(self._compressor.flush())
        return self._size

    def _hand_over(self) -> None:
        parts, self._parts, self._gathered = self._parts, [], 0
        self._wait()
        self._running = self._helper.submit(self._compress, parts)

    def _wait(self) -> None:
        """Wait for the chunk in progress and raise its error. Only one chunk is in progress, so memory is bounded."""
        if self._running is not None:
            self._running.result()

    def _compress(self, parts: list[bytes]) -> None:
        self._emit(self._compressor.compress(b"".join(parts)))

    def _emit(self, data: bytes) -> None:
        self.digest.update(data)
        self._size += len(data)
        self._raw.write(data)


@contextmanager
def _new_file(destination: Path) -> Iterator[BinaryIO]:
    """Open a `whole_file`. Raises ArchiveError if it cannot be written."""
    try:
        with whole_file(destination) as raw:
            yield raw
    except OSError as error:
        raise cannot_be_written(destination, error) from error


def make_output_folder(folder: Path) -> None:
    """Create the folder for a release if it is missing. Raises ArchiveError if the folder is not writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_be_written(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise cannot_be_written(folder, OSError(errno.EACCES, os.strerror(errno.EACCES)))


def cannot_be_written(path: Path, error: OSError) -> ArchiveError:
    """Return the error for a release or its folder at `path`."""
    hint = f"write the release to another folder: `--out FOLDER`, or the option `output-dir` {OPTIONS_PLACE}"
    return ArchiveError(Problem(f"{path} cannot be written: {error.strerror}", hint, code="TBX401"))
