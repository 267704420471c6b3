"""Files that appear whole or not at all, also when the machine goes down, and what tells whether one still is."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["file_digest", "stream_digest", "whole_file"]

_CHUNK = 2**20


@contextmanager
def whole_file(destination: Path, staging: Path | None = None, *, mode: int | None = None) -> Iterator[BinaryIO]:
    """A file that gets its name when the block is left and vanishes when the block fails; folders are made where missing.

    It is written in `staging`, a folder of the same file system, or else beside its name, and has the rights `mode`, or else those
    of any new file. Raises OSError where that fails.
    """
    staging = staging or destination.parent
    temporary = staging / f".{destination.name}.{secrets.token_hex(8)}"
    staging.mkdir(parents=True, exist_ok=True)
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("xb") as file:
            if mode is not None:
                temporary.chmod(mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(destination)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    _sync_folder(destination.parent)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, as 64 hex digits, read in bounded memory. Raises OSError where it cannot be read."""
    with path.open("rb") as file:
        return stream_digest(file)


def stream_digest(file: BinaryIO) -> str:
    """The SHA-256 of what is left to read of an open file, as 64 hex digits, in bounded memory."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """A new name is lost in a power cut until its folder is written; Windows has no such call, and no such need."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
