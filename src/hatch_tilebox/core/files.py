"""Files that appear whole or not at all, also when the machine goes down, and what tells whether one still is."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from hatch_tilebox.core.paths import open_regular
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.core.temporary import claim, is_abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["file_digest", "stream_digest", "whole_file"]

_CHUNK = 2**20
WINDOWS = sys.platform == "win32"
_UNKNOWN_CALL = {
    errno.EACCES, errno.EBADF, errno.EINVAL, errno.EISDIR, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM
}  # fmt: skip
"""How systems say that a folder cannot be opened or written through; other errors are failures of the disk."""


@contextmanager
def whole_file(
    destination: Path, staging: Path | None = None, *, mode: int | None = None, durable: bool = True
) -> Iterator[BinaryIO]:
    """A file that gets its name when the block is left and vanishes when the block fails; folders are created where missing.

    It is written in `staging`, a folder of the same file system, or else beside its name, and has the rights `mode`, or else those
    of any new file. What a killed process left there of such a file is removed. Without `durable` a power cut may lose it. Raises
    OSError where that fails.
    """
    staging = staging or destination.parent
    temporary = staging / f".{destination.name}.{secrets.token_hex(8)}"
    unclaimed = temporary.with_name(f"{temporary.name}.new")
    staging.mkdir(parents=True, exist_ok=True)
    destination.parent.mkdir(parents=True, exist_ok=True)
    _sweep(staging, destination.suffix)
    try:
        with unclaimed.open("xb") as file:
            claim(file)
            if WINDOWS:
                temporary = unclaimed  # an open file cannot be renamed there, nor swept
            else:
                unclaimed.replace(temporary)  # under this name it may be swept, but not while it is claimed
            if mode is not None:
                temporary.chmod(mode)
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
            if not WINDOWS:
                temporary.replace(destination)
        if WINDOWS:
            temporary.replace(destination)
    finally:
        certainly(lambda: _remove(temporary, unclaimed))
    if durable:
        _sync_folder(destination.parent)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _sweep(folder: Path, suffix: str) -> None:
    """Remove files that a killed process had begun to write in `folder`."""
    for path in folder.glob(f".*{suffix}.????????????????"):
        if re.fullmatch(rf"\..+{re.escape(suffix)}\.[0-9a-f]{{16}}", path.name) and is_abandoned(path):
            with suppress(OSError):
                path.unlink()


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, as 64 hex digits, read in bounded memory. Raises OSError where it cannot be read."""
    with open_regular(path) as file:
        return stream_digest(file)


def stream_digest(file: BinaryIO) -> str:
    """The SHA-256 of what is left to read of an open file, as 64 hex digits, in bounded memory."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """A new name is lost in a power cut until its folder is written. Windows and some file systems have no such call."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _UNKNOWN_CALL:
            raise
