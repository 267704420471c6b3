"""The contents of small files, which are read once for all steps of a build."""

from __future__ import annotations

import os
import stat

from hatch_tilebox.core.paths import READ_FLAGS

SMALL_FILE = 64 * 2**10
"""The largest size in bytes of a file that is kept in memory."""
KEPT_BYTES = 32 * 2**20
"""Bytes of all files in memory together."""


class SmallFiles(dict[str, bytes]):
    """The contents of small files by their paths in the release, at most `KEPT_BYTES`."""

    def __init__(self) -> None:
        super().__init__()
        self._left = KEPT_BYTES

    def fits(self, size: int) -> bool:
        """Whether a file of `size` bytes is small, and there is room for it."""
        return size <= SMALL_FILE and size <= self._left

    def keep(self, path: str, content: bytes) -> None:
        """Keep the content of the file `path`."""
        self[path] = content
        self._left -= len(content)

    def read(self, path: str, on_disk: str) -> os.stat_result | None:
        """Read the file `path` if it fits, and return its status, None if it cannot be opened or is not a regular file.

        This takes a fifth less time than asking for the status of the path first, and reading the file later.
        """
        try:
            descriptor = os.open(on_disk, READ_FLAGS)
        except OSError:
            return None
        try:
            status = os.fstat(descriptor)
            size = status.st_size
            if not stat.S_ISREG(status.st_mode):
                return None
            if self.fits(size) and len(content := os.read(descriptor, size + 1)) == size:
                self.keep(path, content)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return status
