"""The end of a child process's output, with bounded memory."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import IO, TYPE_CHECKING

from hatch_tilebox.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_BYTES = 64 * 1024
READ_BYTES = 64 * 1024
LAST_LINES = 20
"""Lines of output that the message about a failure has."""


class OutputTail:
    """The last `KEPT_BYTES` of a stream. A thread reads it, so that the writer never blocks.

    `on_line` gets each line, from that thread. A line with more than `longest` bytes loses its beginning.
    """

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None] | None = None, longest: int = READ_BYTES) -> None:
        self._stream = stream
        self._longest = longest
        self._on_line = on_line
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._dropped = False
        self._partial = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), READ_BYTES):
                self._keep(chunk)
                if self._on_line is not None:
                    self._split(chunk)
            if self._partial:  # a last line without an end
                self._split(b"\n")

    def _keep(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._size - len(self._chunks[0]) >= KEPT_BYTES:
            self._size -= len(self._chunks.popleft())
            self._dropped = True

    def _split(self, chunk: bytes) -> None:
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._partial = self._partial[-self._longest :]
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if text and self._on_line is not None:
                self._on_line(text)

    def text(self, timeout: float = 0.0) -> str:
        """The kept text. Waits up to `timeout` seconds for the end of the stream."""
        self._thread.join(timeout)
        data = b"".join(self._chunks)[-KEPT_BYTES:]
        if self._dropped:
            data = data.partition(b"\n")[2] or data
        return printable(data.decode(errors="replace"), lines=True)


def tail(text: str) -> str | None:
    """Return the last lines of `text`, None if it is empty."""
    return "\n".join(text.strip().splitlines()[-LAST_LINES:]) or None
