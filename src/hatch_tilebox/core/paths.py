"""Paths whose parts come from elsewhere, and files that may be something else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["inside", "open_regular"]

_FORBIDDEN = frozenset("/\\:\0")
# O_NONBLOCK: a pipe without a writer must not hold up a command.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def inside(folder: Path, *names: str) -> Path:
    """`folder / name / ...`, each of `names` being the name of one file or folder.

    Every path with a name from elsewhere in it is made here. The rule is the same on all systems, the strictest of them. Raises
    ValueError where a name would lead out of its folder, which those who judged it before should have prevented.
    """
    for name in names:
        if name in {"", ".", ".."} or not _FORBIDDEN.isdisjoint(name) or not name.isprintable():
            msg = f"{name!r} cannot be the name of a file"
            raise ValueError(msg)
    return folder.joinpath(*names)


def open_regular(path: Path) -> BinaryIO:
    """The file, open for reading. Raises OSError where it cannot be, or is a pipe, a device or anything else but a file."""
    descriptor = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "it is not a file", str(path))  # noqa: TRY301 -- the descriptor must be closed
        return open(descriptor, "rb")  # noqa: PTH123 -- a descriptor, not a path
    except BaseException:
        os.close(descriptor)
        raise
