"""Write a release into a `.tbrelease` file."""

from __future__ import annotations

import errno
import hashlib
import os
import time
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
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future
    from pathlib import Path

    from hatch_tilebox.core.model import FileSet, ReleaseManifest

LEVEL = 3
WINDOW_LOG = 21
"""Constants of the format, chosen from the table in docs/reference/format.md. Other values give other bytes."""


def write_archive(
    manifest: ReleaseManifest,
    files: FileSet,
    destination: Path,
    contents: Mapping[str, bytes] | None = None,
    meanwhile: Iterable[object] = (),
) -> Artifact:
    """Pack the `files` of `manifest` into the file `destination`, and replace an existing file.

    `contents` has the contents of some of the files by path: those from which `hash_files` computed the digests of the manifest.
    Only other files are hashed again. `meanwhile` does steps of other work in this thread while files are compressed, one for
    each chunk and the rest before the file gets its name; an error in it leaves no file.

    The file is written completely or not at all, with the permissions of an ordinary new file; its folder is created if needed.
    The memory used does not depend on the files. The same manifest and contents give the same bytes with the same libzstd.

    Raises ArchiveError if a file cannot be packed, cannot be read or differs from its entry in the manifest, and if `destination`
    cannot be written. Raises ValueError if the manifest is of other files.
    """
    layout.check_files(manifest.files)
    data = manifest.to_json()
    if fault := layout.manifest_fault(data):
        raise ArchiveError(Problem(f"the manifest {fault}", f"select fewer files than {len(manifest.files)}", code="TBX403"))
    with _new_file(destination) as raw, ThreadPoolExecutor(1) as helper:
        packed = _Packed(raw, layout.stream_size(len(data), manifest.files), helper, iter(meanwhile))
        header = layout.member_header(MANIFEST_PATH, len(data), layout.MANIFEST_MODE, hashlib.sha256(data).hexdigest())
        packed.write(header, data, layout.padding(len(data)))
        for file, entry in zip(files.files, manifest.files, strict=True):
            if entry[:3] != (file.path, file.size, file.mode):
                msg = "the manifest is of other files"
                raise ValueError(msg)
            header, padding = layout.member_header(*entry), layout.padding(entry.size)
            if contents and entry.path in contents:
                packed.write(header, contents[entry.path], padding)
                continue
            packed.write(header)
            digest = hashlib.sha256()
            for chunk in read_chunks(file):
                digest.update(chunk)
                packed.write(chunk)
            packed.write(padding)
            if digest.hexdigest() != entry.sha256:
                raise changed(entry.path)
        packed.write(layout.END)
        size = packed.close()
    return Artifact(destination, packed.digest.hexdigest(), size)


class _Packed:
    """The compressed stream: one frame with content size and checksum. `size` is the number of bytes before compression.

    The only thread of `helper` compresses a chunk while this one does a step of `meanwhile` and reads the next chunk. The chunks
    keep their order, so this does not change the bytes.
    """

    def __init__(self, raw: BinaryIO, size: int, helper: Executor, meanwhile: Iterator[object]) -> None:
        self.digest = hashlib.sha256()
        self._raw = raw
        self._helper = helper
        self._meanwhile = meanwhile
        self._size = 0
        self._parts: list[bytes] = []
        self._gathered = 0
        self._running: Future[bytes] | None = None
        self._compressor = ZstdCompressor(
            options={
                CompressionParameter.compression_level: LEVEL,
                CompressionParameter.window_log: WINDOW_LOG,
                CompressionParameter.checksum_flag: 1,
            }
        )
        self._compressor.set_pledged_input_size(size)

    def write(self, *parts: bytes) -> None:
        """Add `parts`. Small pieces are collected, because a call of the compressor takes longer than their compression."""
        self._parts += parts
        self._gathered += sum(map(len, parts))
        if self._gathered >= CHUNK:
            self._hand_over()

    def close(self) -> int:
        """End the frame and return its size in bytes."""
        self._hand_over()
        for _ in self._meanwhile:
            pass
        self._wait()
        self._emit(self._compressor.flush())
        return self._size

    def _hand_over(self) -> None:
        data, self._parts, self._gathered = b"".join(self._parts), [], 0
        self._wait()
        self._running = self._helper.submit(self._compressor.compress, data)
        time.sleep(0)  # the helper starts now; else it would wait until this thread gives up the interpreter's lock
        next(self._meanwhile, None)

    def _wait(self) -> None:
        """Wait for the chunk in progress and raise its error. Only one chunk is in progress, so memory is bounded."""
        if self._running is not None:
            self._emit(self._running.result())

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
