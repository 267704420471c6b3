"""Decides which of several simultaneous publishers created a release.

Registries have no conditional writes, so the publishers agree by Fischer's algorithm: each one that finds no claim writes its own,
waits, and reads back which claim is there. The last writer is the creator. A publisher that was too slow between reading and
writing does not know. One that finds a claim does not know either: the publisher that wrote it may have crashed.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_SECONDS = 1.0
"""The longest time between reading and writing, and the time between writing and reading back."""


class Claim:
    """The claim of one publisher. `read` returns the claim in the registry, if any; `write` replaces it."""

    def __init__(self, read: Callable[[], str | None], write: Callable[[str], None]) -> None:
        self._read = read
        self._write = write
        self._own = secrets.token_hex(16)
        self._written: float | None = None
        self._late = False

    def make(self) -> None:
        """Write the claim, unless there is one."""
        began = time.monotonic()
        if self._read() is None:
            self._write(self._own)
            self._written = time.monotonic()
            self._late = self._written - began > WAIT_SECONDS

    def won(self) -> bool | None:
        """Whether this publisher is the creator; None if it is not known. Waits until all claims are written."""
        if self._written is None:
            return None
        time.sleep(max(self._written + WAIT_SECONDS - time.monotonic(), 0.0))
        if self._read() != self._own:
            return False
        return None if self._late else True
