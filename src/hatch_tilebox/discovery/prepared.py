"""The environment for one start of a workflow, from the cache and locked for this process."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hatch_tilebox.discovery.cache import open_cache
from hatch_tilebox.discovery.environment import Environment, environment_key, prepare
from hatch_tilebox.discovery.environment_lock import lock_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import FileEntry, FileSet
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.discovery.cache import Cache
    from hatch_tilebox.discovery.environment import Metadata

_SHOWN = 3


@contextlib.contextmanager
def prepared_environment(
    cache: Cache,
    files: FileSet,
    entries: Sequence[FileEntry],
    metadata: Metadata,
    uv: Path,
    progress: Progress,
    *,
    passed: Mapping[str, str] | None = None,
    python: str = "",
    of_release: bool = False,
    for_task: bool = False,
) -> Iterator[Environment]:
    """Create or reuse the environment of `files` in `cache`, and stage them there. It is locked until the end of the block.

    Files `of_release`, which may come from somewhere else, get a new environment that is not kept, unless a build on this machine
    has kept one. `passed` and `python` are those of `prepare`, `for_task` that of `lock_environment`. Raises DiscoveryError.
    """
    progress.started("Preparing the runtime")
    key = environment_key(files, entries, metadata, uv, passed or {})
    waiting = "waiting for another build, which uses the same environment"
    with contextlib.ExitStack() as stack:
        if of_release and not Environment(cache.environments / key, reused=True).ready.exists():
            cache = stack.enter_context(open_cache(keep=False))
        folder = stack.enter_context(lock_environment(cache, key, lambda: progress.detail(waiting), for_task=for_task))
        environment = prepare(folder, files, entries, metadata, uv, progress.output, passed, python)
        progress.finished(_summary(environment))
        yield environment


def _summary(environment: Environment) -> str:
    if environment.reused:
        return "environment kept from an earlier build"
    if not environment.changed:
        return "environment created"
    more = f" and {len(environment.changed) - _SHOWN} more" if len(environment.changed) > _SHOWN else ""
    return f"environment created again, because the kept one was changed: {', '.join(environment.changed[:_SHOWN])}{more}"
