"""Read the zstd frame of an archive in pieces, and never decompress more than is asked for."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, NoReturn

from hatch_tilebox.archive.zstd import DecompressionParameter, ZstdDecompressor, ZstdError
from hatch_tilebox.core.errors import ArchiveError, Location, Problem

MAX_WINDOW_LOG = 23
"""8 MiB: RFC 8878 (section 3.1.1.1.2) recommends that decoders support it and encoders do not exceed it."""

_INPUT = 128 * 2**10
_OUTPUT = 256 * 2**10
_MAGIC = b"\x28\xb5\x2f\xfd"
# Bits of the frame header descriptor. The size is present if its field has a length or the frame is a single segment.
_CONTENT_SIZE = 0b11100000
_CHECKSUM = 0b100
_DICTIONARY = 0b11


class FrameReader:
    """The content of the frame in `source`. Errors show `name`.

    `sha256` and `packed_size` are those of the compressed bytes read so far, and after `finish` those of the whole file.
    """

    def __init__(self, source: BinaryIO, name: str) -> None:
        self.name = name
        self.packed_size = 0
        self._source = source
        self._digest = hashlib.sha256()
        self._buffer = b""
        self._position = 0
        self._unread = self._input()
        self._check_frame_header(self._unread)
        self._decompressor = ZstdDecompressor(options={DecompressionParameter.window_log_max: MAX_WINDOW_LOG})

    @property
    def sha256(self) -> str:
        """64 hex digits."""
        return self._digest.hexdigest()

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end of the frame. They are in memory, so `size` should be small.

        Raises ArchiveError if the frame is truncated or damaged.
        """
        start, end = self._position, self._position + size
        if end <= len(self._buffer):
            self._position = end
            return self._buffer[start:end]
        parts = [self._buffer[start:]]
        missing = size - len(parts[0])
        self._buffer, self._position = b"", 0
        while missing > 0 and (data := self._decompress()):
            parts.append(data[:missing])
            if len(data) > missing:
                self._buffer, self._position = data, missing
            missing -= len(data)
        return b"".join(parts)

    def finish(self) -> None:
        """Read to the end of the file. Raises ArchiveError if there are more bytes in the frame or after it."""
        if self.read(1):
            self.refuse("there are bytes after the end of the tar stream")
        if self._decompressor.unused_data or self._input():
            self.refuse("there are bytes after the zstd frame: a second frame, or something that is not part of a release")

    def refuse(self, message: str, hint: str | None = None) -> NoReturn:
        """Raise ArchiveError about this archive."""
        raise ArchiveError(Problem(message, hint, Location(self.name)))

    def _decompress(self) -> bytes:
        """Return up to `_OUTPUT` bytes of content, or none at the end of the frame."""
        decompressor = self._decompressor
        while not decompressor.eof:
            if decompressor.needs_input and not self._unread:
                self._unread = self._input()
                if not self._unread:
                    self.refuse("the file is cut off", "copy or download it again")
            try:
                data: bytes = decompressor.decompress(self._unread, _OUTPUT)
            except ZstdError as error:
                self.refuse(f"the compressed data is damaged: {error}", "copy or download it again")
            self._unread = b""
            if data:
                return data
        return b""

    def _input(self) -> bytes:
        data = b""
        try:
            # A pipe may return less than it is asked for.
            while len(data) < _INPUT and (more := self._source.read(_INPUT - len(data))):
                data += more
        except OSError as error:
            self.refuse(f"cannot be read: {error.strerror or error}")
        self._digest.update(data)
        self.packed_size += len(data)
        return data

    def _check_frame_header(self, start: bytes) -> None:
        """Refuse optional features of zstd that the format does not allow. Source: RFC 8878, section 3.1.1.1."""
        if not start.startswith(_MAGIC):
            self.refuse("is not a .tbrelease: it does not begin with a zstd frame")
        descriptor = start[len(_MAGIC)] if len(start) > len(_MAGIC) else 0
        if not descriptor & _CHECKSUM or not descriptor & _CONTENT_SIZE or descriptor & _DICTIONARY:
            self.refuse("its zstd frame must have a content size and a checksum, and need no dictionary")
