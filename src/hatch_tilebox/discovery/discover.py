"""Find the tasks that a workflow registers: in an answer of an earlier build, or from its runner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.core.progress import Progress, quantity
from hatch_tilebox.discovery.cache import open_cache
from hatch_tilebox.discovery.clean_environment import PassedVariables
from hatch_tilebox.discovery.lock_summary import selected_summary
from hatch_tilebox.discovery.portability import check_summary
from hatch_tilebox.discovery.result_cache import Discovery, keep_result, kept_result, reproducible, result_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_tilebox.core.errors import Location, Problem
    from hatch_tilebox.core.model import FileEntry, FileSet, Task, Workflow
    from hatch_tilebox.discovery.clean_start import CleanStart
    from hatch_tilebox.discovery.lock_summary import LockSummary

Level = Literal["import", "worker"]


def discover_tasks(  # noqa: PLR0913 -- an object for some of them would be a second name for the same thing
    files: FileSet,
    entries: Sequence[FileEntry],
    workflow: Workflow,
    *,
    level: Level = "worker",
    timeout: float = 120.0,
    cache: bool = True,
    progress: Progress | None = None,
    place: Callable[[], Location] | None = None,
    passed: PassedVariables | None = None,
    clean: CleanStart | None = None,
    before_start: Callable[[], object] | None = None,
    examine: Callable[[Sequence[Task]], Sequence[Problem]] | None = None,
) -> Discovery:
    """Start the runner of `workflow` in its own environment, with `files` only, and return the tasks that it registers.

    `entries` are the manifest's entries of the same files. `level` "worker" starts the worker as a release runner does and lists
    its tasks over its protocol; "import" only imports the runner object. Start-up may take `timeout` seconds. With `cache`,
    environments and answers are kept in the user's cache folder. `place` returns where runner or command are configured. `passed`
    are environment variables that the user passes (see `clean_environment.py`). A `clean` start also fails if the code uses files
    of this machine. `before_start` is called before the code runs, and not at all if the answer of an earlier build is used.
    `examine` returns more warnings about the tasks, which must depend on `files` only. Raises DiscoveryError.
    """
    level = "worker" if workflow.command else level
    passed = PassedVariables() if passed is None else passed
    progress = progress or Progress()
    with open_cache(keep=cache) as kept:
        lock = selected_summary(files, entries, kept)
        keeps = cache and not passed and not clean and reproducible(lock, workflow)
        key = result_key(files, entries, workflow, level, passed.patterns) if keeps else None
        if discovery := kept_result(kept, key) if key else None:
            warnings = _portability_warnings(files, lock)
            progress.started("Asking for the tasks")
            progress.finished(f"{quantity(len(discovery.tasks), 'task')}, unchanged since an earlier build")
            return discovery._replace(warnings=(*warnings, *discovery.warnings))

        if before_start:
            before_start()
        # A build that changes nothing does not need the modules that start a runner.
        from hatch_tilebox.discovery.ask_runner import Request, ask_runner
        from hatch_tilebox.discovery.environment import read_metadata

        metadata = read_metadata(files, optional=workflow.command is not None)
        request = Request(files, entries, workflow, level, timeout, place and place(), progress, passed, clean, metadata)
        if passed:
            progress.result("Environment", ", ".join(passed))
        warnings = _portability_warnings(files, lock)
        discovery, interpreter = ask_runner(request, kept)
        if examine:
            discovery = discovery._replace(warnings=(*discovery.warnings, *examine(discovery.tasks)))
        if key:
            keep_result(kept, key, discovery, interpreter)
    return discovery._replace(warnings=(*warnings, *discovery.warnings))


def _portability_warnings(files: FileSet, lock: LockSummary | None) -> list[Problem]:
    """Warnings about what the release needs from this machine. Raises DiscoveryError if release runners cannot use it."""
    portability = check_summary(files, lock)
    if portability.errors:
        raise DiscoveryError(*portability.errors)
    return portability.warnings
