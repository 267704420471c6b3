"""Temporary folders that are gone afterwards, and are swept by the next run where a process was killed before it could remove them.

Whoever uses a folder holds a lock on a file in it. The system lets go of the lock when the process dies, however it dies, so a
folder of ours whose lock is free belongs to nobody.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from hatch_tilebox.core.signals import certainly

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PREFIX", "claim", "is_abandoned", "sweep", "temporary_folder"]

PREFIX = "hatch-tilebox-"
OWNER = ".hatch-tilebox-owner"
"""The file whose lock the user of a folder holds."""
RANDOM = r"[a-z0-9_]{8}"
"""What `tempfile` appends to a prefix."""
BEGINNING = 600
"""Seconds after which an empty folder without an owner file was left by a process that was killed while it made it."""

_swept: set[tuple[Path, str]] = set()


@contextmanager
def temporary_folder(parent: Path | None = None, prefix: str = PREFIX) -> Iterator[Path]:
    """A private folder below `parent`, or else where the system keeps temporary files. It is removed with all in it.

    What killed processes of this user left there under the same prefix is removed first. Raises OSError.
    """
    parent = (parent or Path(tempfile.gettempdir())).resolve()
    if (parent, prefix) not in _swept:
        _swept.add((parent, prefix))
        sweep(parent, prefix)
    folder = tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True)
    try:
        unclaimed = Path(folder.name, f"{OWNER}.new")
        with unclaimed.open("xb") as owner:
            claim(owner)
            if sys.platform != "win32":  # an open file cannot be renamed there, nor the folder removed
                unclaimed.replace(Path(folder.name, OWNER))
            yield Path(folder.name)
    finally:
        certainly(lambda: _remove(folder))


def _remove(folder: tempfile.TemporaryDirectory[str]) -> None:
    folder.cleanup()
    if os.path.lexists(folder.name):  # an earlier attempt was interrupted, and counts for `cleanup`
        shutil.rmtree(folder.name, ignore_errors=True)


def sweep(parent: Path, prefix: str = PREFIX) -> None:
    """Remove the temporary folders of this user below `parent` that nobody uses. Another user's, and links, are left alone."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if re.fullmatch(re.escape(prefix) + RANDOM, entry.name):
                with suppress(OSError):
                    _remove_if_abandoned(Path(entry.path), entry.stat(follow_symlinks=False))


def _remove_if_abandoned(folder: Path, status: os.stat_result) -> None:
    if not stat.S_ISDIR(status.st_mode) or (sys.platform != "win32" and status.st_uid != os.geteuid()):
        return
    owner = folder / OWNER
    if not owner.exists():
        if time.time() - status.st_mtime > BEGINNING:
            folder.rmdir()  # it is only removed where it is empty
    elif is_abandoned(owner):
        shutil.rmtree(folder, ignore_errors=True)


def is_abandoned(path: Path) -> bool:
    """Whether the file at `path` is a regular one that no process has claimed."""
    with suppress(OSError), path.open("r+b") as file:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and not path.is_symlink() and claim(file)
    return False


def claim(file: BinaryIO) -> bool:
    """Lock the open `file` until it is closed or this process dies; False where another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
