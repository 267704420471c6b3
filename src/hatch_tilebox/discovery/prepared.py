"""The environment for one start of a workflow, from the cache and locked for this process.

One process at a time uses an environment of the cache, because the staged files in it are those of one start. A build needs it for
seconds, so others wait. A task may run for hours: then others use, and keep, another copy of the environment.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock, Timeout

from hatch_tilebox.discovery.cache import LOCK_POLL, open_cache
from hatch_tilebox.discovery.environment import Environment, changed_since_installed, environment_key, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import FileEntry, FileSet
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.discovery.cache import Cache
    from hatch_tilebox.discovery.clean_start import CleanStart
    from hatch_tilebox.discovery.environment import Metadata

_SHOWN = 3
_WAIT = 0.2
"""Seconds between two checks whether the process that has the lock runs a task in the environment."""


class Prepared(NamedTuple):
    """A prepared environment, and a function that creates it again because the given parts of it were changed."""

    environment: Environment
    create_again: Callable[[tuple[str, ...]], Environment]


class LaterCheck:
    """Looks in a thread, while the runner starts in a kept environment, whether something in it was changed."""

    def __init__(self, environment: Environment) -> None:
        self.changed: tuple[str, ...] = ()
        """The parts that were changed, empty as long as none is known."""
        self._ended = False
        self._environment = environment
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        self.changed = changed_since_installed(self._environment)
        self._ended = True

    def result(self) -> tuple[str, ...]:
        """Wait for the parts that were changed. An environment that could not be looked at counts as changed."""
        self._thread.join()
        return self.changed if self._ended else (self._environment.prefix.name,)


@contextlib.contextmanager
def prepared_environment(
    cache: Cache,
    files: FileSet,
    entries: Sequence[FileEntry],
    metadata: Metadata,
    progress: Progress,
    *,
    passed: Mapping[str, str],
    clean: CleanStart | None = None,
    for_task: bool = False,
    check: bool = True,
) -> Iterator[Prepared]:
    """Create or reuse the environment of `files` in `cache`, and stage them there. It is locked until the end of the block.

    For a `clean` start or a task, the files may come from somewhere else: they get a new environment that is not kept, unless a
    build on this machine has kept one. `passed` are variables that the user passes. Without `check`, a kept environment may have
    been changed: see `LaterCheck`. Raises DiscoveryError.
    """
    progress.started("Preparing the runtime")
    key = environment_key(files, entries, metadata, cache, passed)
    waiting = "waiting for another build, which uses the same environment"
    with contextlib.ExitStack() as stack:
        if (clean or for_task) and not Environment(cache.environments / key, reused=True).ready.exists():
            cache = stack.enter_context(open_cache(keep=False))
        folder = stack.enter_context(_lock_environment(cache, key, lambda: progress.detail(waiting), for_task=for_task))
        create = partial(prepare, folder, files, entries, metadata, progress.output, passed, clean.python if clean else "")
        environment = create(check=check)
        progress.finished(_summary(environment))

        def create_again(changed: tuple[str, ...]) -> Environment:
            progress.started("Preparing the runtime")
            environment.ready.unlink(missing_ok=True)
            created = create()._replace(changed=changed)
            progress.finished(_summary(created))
            return created

        yield Prepared(environment, create_again)


def _summary(environment: Environment) -> str:
    if environment.reused:
        return "environment kept from an earlier build"
    if not environment.changed:
        return "environment created"
    more = f" and {len(environment.changed) - _SHOWN} more" if len(environment.changed) > _SHOWN else ""
    return f"environment created again, because the kept one was changed: {', '.join(environment.changed[:_SHOWN])}{more}"


@contextlib.contextmanager
def _lock_environment(cache: Cache, key: str, on_wait: Callable[[], None], *, for_task: bool) -> Iterator[Path]:
    """Lock the environment `key`, or the first copy in which no task runs, and give its folder, which may not exist.

    `on_wait` is called if another process has locked it.
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
        if _acquired(lock, _WAIT):
            return True
    return False


def _acquired(lock: FileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    return True
