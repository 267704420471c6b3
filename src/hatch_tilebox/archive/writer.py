"""Write a release into a `.tbrelease` file."""

from __future__ import annotations

import hashlib
from contextlib import closing, contextmanager
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

from hatch_tilebox.archive import layout
from hatch_tilebox.archive.output_folder import cannot_be_written
from hatch_tilebox.archive.source import CHUNK, changed, read_chunks
from hatch_tilebox.archive.zstd import CompressionParameter, ZstdCompressor
from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.model import MANIFEST_PATH, Artifact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
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
    content_size = layout.stream_size(len(data), manifest.files)
    with _new_file(destination) as raw, closing(_Packed(raw, content_size, iter(meanwhile))) as packed:
        header = layout.member_header(MANIFEST_PATH, len(data), layout.MANIFEST_MODE, sha256="")  # its path is a short one
        packed.write(header + data + layout.padding(len(data)))
        known = contents or {}
        for file, (path, size, mode, sha256) in zip(files.files, manifest.files, strict=True):
            if path != file.path or size != file.size or mode != file.mode:
                msg = "the manifest is of other files"
                raise ValueError(msg)
            header, padding = layout.member_header(path, size, mode, sha256), layout.padding(size)
            if path in known:
                packed.write(header + known[path] + padding)
                continue
            packed.write(header)
            digest = hashlib.sha256()
            for chunk in read_chunks(file):
                digest.update(chunk)
                packed.write(chunk)
            packed.write(padding)
            if digest.hexdigest() != sha256:
                raise changed(path)
        packed.write(layout.END)
        packed.end()
    return Artifact(destination, packed.digest.hexdigest(), packed.size)


class _Packed:
    """The compressed stream: one frame with content size and checksum. `content_size` is the number of bytes before compression.

    `digest` and `size` are those of the bytes written so far.

    Another thread compresses a chunk while this one writes the chunk before it, does a step of `meanwhile` and reads the next
    chunk. The chunks keep their order, so this does not change the bytes.
    """

    def __init__(self, raw: BinaryIO, content_size: int, meanwhile: Iterator[object]) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._raw = raw
        self._meanwhile = meanwhile
        self._parts: list[bytes] = []
        self._gathered = 0
        self._running: _Compression | None = None
        self._compressor = ZstdCompressor(
            options={
                CompressionParameter.compression_level: LEVEL,
                CompressionParameter.window_log: WINDOW_LOG,
                CompressionParameter.checksum_flag: 1,
            }
        )
        self._compressor.set_pledged_input_size(content_size)

    def write(self, data: bytes) -> None:
        """Add `data`. Small pieces are collected, because a call of the compressor takes longer than their compression."""
        self._parts.append(data)
        self._gathered += len(data)
        if self._gathered >= CHUNK:
            self._hand_over()

    def end(self) -> None:
        """End the frame."""
        self._hand_over()
        for _ in self._meanwhile:
            pass
        self._emit(self._result())
        self._emit(self._compressor.flush())

    def close(self) -> None:
        """Leave no thread behind, also after an error."""
        if self._running:
            self._running.join()

    def _hand_over(self) -> None:
        data, self._parts, self._gathered = b"".join(self._parts), [], 0
        before = self._result()  # only one chunk is in progress, so memory is bounded
        self._running = _Compression(self._compressor.compress, data)
        self._emit(before)
        next(self._meanwhile, None)

    def _result(self) -> bytes:
        """Wait for the chunk in progress. Return its compressed bytes, or raise its error."""
        return self._running.result() if self._running else b""

    def _emit(self, data: bytes) -> None:
        self.digest.update(data)
        self.size += len(data)
        self._raw.write(data)


class _Compression(Thread):
    """The compression of a chunk, which runs as soon as this object exists. (`concurrent.futures` takes 5 ms to import.)"""

    def __init__(self, compress: Callable[[bytes], bytes], data: bytes) -> None:
        super().__init__()
        self._compress = compress
        self._data = data
        self._packed = b""
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._packed = self._compress(self._data)
        except BaseException as error:  # noqa: BLE001 -- `result` raises it
            self._error = error

    def result(self) -> bytes:
        """Return the compressed bytes when they are there. Raises what the compressor raised."""
        self.join()
        if self._error is not None:
            raise self._error
        return self._packed


@contextmanager
def _new_file(destination: Path) -> Iterator[BinaryIO]:
    """Open a `whole_file`. Raises ArchiveError if it cannot be written."""
    try:
        with whole_file(destination) as raw:
            yield raw
    except OSError as error:
        raise cannot_be_written(destination, error) from error
