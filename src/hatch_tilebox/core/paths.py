"""Paths with parts from outside, and files that may be something else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FORBIDDEN = frozenset("/\\:\0")
# O_NONBLOCK: a pipe without a writer, also in the place of a file, must not hold up a command.
READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def inside(folder: Path, *names: str) -> Path:
    """Return `folder / name / ...`; each of `names` is the name of one file or folder.

    Every path with a name from outside is created here. The rule is the strictest of all systems. Raises ValueError if a name leads
    out of its folder, which an earlier check should have reported.
    """
    for name in names:
        if name in {"", ".", ".."} or not _FORBIDDEN.isdisjoint(name) or not name.isprintable():
            msg = f"{name!r} cannot be the name of a file"
            raise ValueError(msg)
    return folder.joinpath(*names)


def folders_above(paths: Iterable[str]) -> set[str]:
    """Return the folders of all `paths`, and those above them; `paths` are relative, with `/` between their parts."""
    folders: set[str] = set()
    above = {path.rpartition("/")[0] for path in paths}
    while above := above - folders - {""}:
        folders |= above
        above = {folder.rpartition("/")[0] for folder in above}
    return folders


def shortest_path(path: Path) -> str:
    """Return `path` relative to the current folder where that is shorter, else absolute."""
    whole = os.path.normpath(path.absolute())
    try:
        return min(os.path.relpath(whole), whole, key=len)
    except (OSError, ValueError):  # no current folder any more; another drive on Windows
        return whole


def open_regular(path: Path, *, device: bool = False) -> BinaryIO:
    """Return the file, open for reading. With `device` it may be a device such as /dev/null.

    Raises OSError if it cannot be read, or is a pipe, a folder or another kind of entry.
    """
    descriptor = os.open(path, READ_FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        is_device = stat.S_ISCHR(mode)
        if not stat.S_ISREG(mode) and not (device and is_device):
            kind = "a folder" if stat.S_ISDIR(mode) else "a device" if is_device else "a pipe or a socket"
            raise OSError(None, f"it is {kind}, not a file", str(path))  # noqa: TRY301 -- the descriptor must be closed
        return open(descriptor, "rb")  # noqa: PTH123 -- a descriptor, not a path
    except BaseException:
        os.close(descriptor)
        raise


def read_document(path: Path, limit: int) -> bytes | None:
    """Return the content of a file of at most `limit` bytes, None if it is missing. Raises ValueError if it cannot be read."""
    try:
        with open_regular(path) as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(content) > limit:
        msg = f"it has more than {limit // 2**20} MiB"
        raise ValueError(msg)
    return content
