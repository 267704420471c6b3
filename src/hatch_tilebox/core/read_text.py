"""Text files that people write: read without trusting that they are files, texts, or small."""

from __future__ import annotations

import os
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from hatch_tilebox.core.paths import open_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 64 * 2**20
"""The largest size of a file that is read, in bytes. A lock of thousands of packages has a tenth of it."""


class UnreadableTextError(Exception):
    """A file cannot be read as text: the `reason`, a `hint` what to do, and the place; line 0 is the whole file."""

    def __init__(self, reason: str, hint: str | None = None, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.line = line
        self.column = column


def read_text(path: Path, *, allow_mark: bool = False) -> str:
    """Return the text of a UTF-8 file with its own line ends. With `allow_mark` it may begin with a byte order mark.

    Raises FileNotFoundError if there is no file, and UnreadableTextError if it cannot be read, is a folder or a pipe, is too large,
    or is not UTF-8.
    """
    data = _read(path)
    if data.startswith(BOM_UTF8):
        if not allow_mark:
            msg = "starts with a byte order mark; save it as UTF-8 without one"
            raise UnreadableTextError(msg, line=1, column=1)
        data = data.removeprefix(BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode().split("\n")
        guess = "; it looks like UTF-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else ""
        reason = f"not UTF-8 text: byte 0x{data[error.start]:02x} is not allowed here{guess}"
        raise UnreadableTextError(reason, "save the file as UTF-8", len(before), len(before[-1]) + 1) from error


def _read(path: Path) -> bytes:
    try:
        with open_regular(path, device=True) as file:
            data = file.read(LARGEST + 1) or b""
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        # On Windows, opening a folder fails with "access denied".
        reason = "it is a folder, not a file" if os.path.isdir(path) else getattr(error, "strerror", None) or str(error)  # noqa: PTH112 -- raises nothing
        msg = f"cannot be read: {reason}"
        raise UnreadableTextError(msg) from error
    if len(data) > LARGEST:
        msg = f"exceeds {LARGEST // 2**20} MiB"
        raise UnreadableTextError(msg)
    return data
