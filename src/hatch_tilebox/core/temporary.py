"""Temporary folders that are removed after use. The next run removes those of killed processes.

The user of a folder holds a lock on a file in it. The system releases the lock at the end of the process, however it ends, so a
folder whose lock is free is abandoned.
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

PREFIX = "hatch-tilebox-"
OWNER = ".hatch-tilebox-owner"
"""The file that the user of a folder locks."""
RANDOM = r"[a-z0-9_]{8}"
"""The characters that `tempfile` appends to a prefix."""
BEGINNING = 600
"""Seconds after which an empty folder without an owner file is abandoned: its process was killed while creating it."""

_swept: set[tuple[Path, str]] = set()


@contextmanager
def temporary_folder(parent: Path | None = None, prefix: str = PREFIX) -> Iterator[Path]:
    """Create a private folder below `parent`, by default the system's folder for temporary files, and remove it after the block.

    Folders of killed processes of this user with the same prefix are removed first. Raises OSError.
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
    if os.path.lexists(folder.name):  # an earlier attempt was interrupted, and `cleanup` does nothing now
        shutil.rmtree(folder.name, ignore_errors=True)


def sweep(parent: Path, prefix: str = PREFIX) -> None:
    """Remove the abandoned temporary folders of this user below `parent`. Those of other users, and links, stay."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(prefix) and re.fullmatch(RANDOM, entry.name[len(prefix) :]):
                with suppress(OSError):
                    _remove_if_abandoned(Path(entry.path), entry.stat(follow_symlinks=False))


def _remove_if_abandoned(folder: Path, status: os.stat_result) -> None:
    if not stat.S_ISDIR(status.st_mode) or (sys.platform != "win32" and status.st_uid != os.geteuid()):
        return
    owner = folder / OWNER
    if not owner.exists():
        if time.time() - status.st_mtime > BEGINNING:
            folder.rmdir()  # fails unless it is empty
    elif is_abandoned(owner):
        shutil.rmtree(folder, ignore_errors=True)


def is_abandoned(path: Path) -> bool:
    """Whether the file at `path` is a regular file that no process has claimed."""
    with suppress(OSError), path.open("r+b") as file:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and not path.is_symlink() and claim(file)
    return False


def claim(file: BinaryIO) -> bool:
    """Lock the open `file` until it is closed or this process ends. Returns False if another process has locked it."""
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
