"""One process at a time uses an environment of the cache, because the staged files in it are those of one start.

A build needs it for seconds, so others wait. A task may run for hours: then others use, and keep, another copy of the environment.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from hatch_tilebox.discovery.cache import LOCK_POLL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hatch_tilebox.discovery.cache import Cache

WAIT = 0.2
"""Seconds between two checks whether the process that has the lock runs a task in the environment."""


@contextlib.contextmanager
def lock_environment(cache: Cache, key: str, on_wait: Callable[[], None], *, for_task: bool = False) -> Iterator[Path]:
    """Lock the environment `key`, or the first copy in which no task runs, and give its folder, which may not exist.

    `on_wait` is called if another process has locked it. `for_task` is whether a task will run in it.
    """
    cache.environments.mkdir(parents=True, exist_ok=True)
    names = itertools.chain([key], (f"{key}-{number}" for number in itertools.count(2)))
    copies = ((cache.environments / name, FileLock(cache.environments / f"{name}.lock", poll_interval=LOCK_POLL)) for name in names)
    folder, lock = next((folder, lock) for folder, lock in copies if _acquire(lock, _mark(folder), on_wait))
    mark = _mark(folder)
    try:
        mark.unlink(missing_ok=True)  # that of a killed process
        if for_task:
            mark.touch()
        yield folder
    finally:
        if for_task:
            mark.unlink(missing_ok=True)
        lock.release()


def _mark(folder: Path) -> Path:
    """The file that exists while a task runs in the environment `folder`."""
    return folder.with_name(f"{folder.name}.task")


def _acquire(lock: FileLock, mark: Path, on_wait: Callable[[], None]) -> bool:
    """Acquire `lock`. False if the process that has it runs a task."""
    if _acquired(lock, 0):
        return True
    if not mark.exists():
        on_wait()
    while not mark.exists():
        if _acquired(lock, WAIT):
            return True
    return False


def _acquired(lock: FileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    return True
