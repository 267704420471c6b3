"""Files that are written completely or not at all, also in a power cut, and digests of files."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from hatch_tilebox.core.paths import open_regular
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.core.temporary import claim, is_abandoned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 2**20
WINDOWS = sys.platform == "win32"
_UNKNOWN_CALL = {
    errno.EACCES, errno.EBADF, errno.EINVAL, errno.EISDIR, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM
}  # fmt: skip
"""Errors of systems where a folder cannot be opened or synchronized. Other errors are failures of the disk."""


@contextmanager
def whole_file(
    destination: Path, staging: Path | None = None, *, mode: int | None = None, durable: bool = True
) -> Iterator[BinaryIO]:
    """Open a file that gets its name at the end of the block, and is removed if the block fails. Creates missing folders.

    It is written in `staging`, a folder of the same file system, by default that of `destination`, and has the permissions `mode`,
    by default those of a new file. Files that killed processes left there are removed. Without `durable` a power cut may lose it.
    Raises OSError.
    """
    staging = staging or destination.parent
    temporary = staging / f".{destination.name}.{os.urandom(8).hex()}"
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
                unclaimed.replace(temporary)  # a file with this name is swept, unless it is claimed
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
    """Remove the unfinished files of killed processes from `folder`."""
    for path in folder.glob(f".*{suffix}.????????????????"):
        if re.fullmatch(rf"\..+{re.escape(suffix)}\.[0-9a-f]{{16}}", path.name) and is_abandoned(path):
            with suppress(OSError):
                path.unlink()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits, read in chunks. Raises OSError."""
    with open_regular(path) as file:
        return stream_digest(file)


def stream_digest(file: BinaryIO) -> str:
    """Return the SHA-256 of the rest of an open file as 64 hex digits, read in chunks."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Write the folder to disk, so that a power cut does not lose a new name. Not all systems can do that."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _UNKNOWN_CALL:
            raise
