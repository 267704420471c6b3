"""Start the runner or the worker of a workflow in its own environment, and ask it for its tasks.

What explains a failed start is imported when a start fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.core.progress import quantity
from hatch_tilebox.discovery.cache import file_identity
from hatch_tilebox.discovery.diagnose.after_start import machine_files, start_warnings, unusable_tasks
from hatch_tilebox.discovery.diagnose.context import Context, Paths
from hatch_tilebox.discovery.prepared import LaterCheck, prepared_environment
from hatch_tilebox.discovery.result_cache import Discovery, restore_task
from hatch_tilebox.discovery.runner_start import start_runner
from hatch_tilebox.discovery.worker import WorkerError, start_worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.errors import Location, Problem
    from hatch_tilebox.core.model import JSON, FileEntry, FileSet, Workflow
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.discovery.cache import Cache
    from hatch_tilebox.discovery.clean_environment import PassedVariables
    from hatch_tilebox.discovery.clean_start import CleanStart
    from hatch_tilebox.discovery.environment import Environment, Metadata
    from hatch_tilebox.discovery.prepared import Prepared

DEFAULT_VERSION = "v0.0"
"""The SDK's version of a task class that does not define an identifier; the name is that of the class."""


class Request(NamedTuple):
    """What the runner is asked: the arguments of `discover_tasks`."""

    files: FileSet
    entries: Sequence[FileEntry]
    workflow: Workflow
    level: str
    timeout: float
    location: Location | None
    progress: Progress
    passed: PassedVariables
    clean: CleanStart | None
    metadata: Metadata


def ask_runner(request: Request, cache: Cache) -> tuple[Discovery, list[JSON] | None]:
    """Return what the runner or the worker answers, and the identity of the interpreter that it runs on. Raises DiscoveryError."""
    files, progress = request.files, request.progress
    check = request.workflow.command is not None  # else it is checked while the runner starts
    with prepared_environment(
        cache, files, request.entries, request.metadata, progress, passed=request.passed, clean=request.clean, check=check
    ) as prepared:
        answer, environment = _sound_answer(prepared, request)
        answer["written"] = environment.changes(request.entries)
        programs = _missing_programs(environment, files) if request.clean else []
    python, sdk = answer["python"], answer["sdk"]
    progress.finished(f"{quantity(len(answer['tasks']), 'task')}, Python {python}" + (f", tilebox-workflows {sdk}" if sdk else ""))
    tasks = tuple(sorted((restore_task(task) for task in answer["tasks"]), key=lambda task: (task.name, task.version)))
    if problems := [*unusable_tasks(tasks, request.workflow, request.location)]:
        raise DiscoveryError(*problems)
    warnings = start_warnings(answer, files, locked=request.metadata.locked or not request.metadata.present)
    discovery = Discovery(tasks, (*warnings, *programs), python, sdk, _variables_read(answer, request))
    return discovery, file_identity(Path(answer["interpreter"]))


def _sound_answer(prepared: Prepared, request: Request) -> tuple[dict[str, Any], Environment]:
    """The answer, and the environment that gave it: a new one if the prepared one, which an earlier build kept, was changed."""
    environment = prepared.environment
    request.progress.started("Asking for the tasks")
    later = LaterCheck(environment) if environment.reused and not request.workflow.command else None
    answer = _answer(environment, request, later)
    if later and (changed := later.result()):
        environment = prepared.create_again(changed)
        request.progress.started("Asking for the tasks")
        answer = _answer(environment, request)
    return answer, environment


def _answer(environment: Environment, request: Request, later: LaterCheck | None = None) -> dict[str, Any]:
    """The answer of the runner or the worker, from a start in its environment; it has no meaning if `later` finds a change."""
    paths = Paths(environment.project, environment.prefix)
    pyproject = request.metadata.pyproject
    context = Context(request.files, request.workflow, pyproject, request.location, paths, request.timeout, request.clean)
    if request.workflow.command:
        return _serve(environment, request, context)
    start = start_runner(environment, request, lambda: bool(later and later.changed))
    if later and later.result():
        return {}
    if start.facts is None or start.facts["status"] != "tasks":
        from hatch_tilebox.discovery.diagnose.startup import no_answer, start_failed

        if start.facts is None:
            raise DiscoveryError(no_answer(context, start.finished, start.hang, began=start.began))
        _add_compatible_bound(environment, start.facts, request.progress)
        raise DiscoveryError(start_failed(context, start.facts, start.finished))
    if problems := machine_files(context, start.facts):
        raise DiscoveryError(*problems)
    left_behind = [context.paths.clean(command) for command in start.finished.left_behind]
    return {**start.facts, "left_behind": left_behind, "stopped": start.stopped}


def _add_compatible_bound(environment: Environment, facts: dict[str, Any], progress: Progress) -> None:
    """Add the `bound` below which the package that `facts` blame has what another package imports from it."""
    other = facts.get("imported_from")
    if other and other["attribute"]:
        from hatch_tilebox.discovery.compatible_versions import compatible_bound

        progress.detail(f"looking for a version of {other['name']} that has {other['module']}.{other['attribute']}")
        other["bound"] = compatible_bound(environment, other)


def _serve(environment: Environment, request: Request, context: Context) -> dict[str, Any]:
    """Start the worker `command`, and list its tasks."""
    try:
        with start_worker(
            environment, request.workflow, timeout=request.timeout, on_line=request.progress.detail, clean=request.clean
        ) as worker:
            tasks = worker.tasks()
            stopped = worker.shutdown()
            left_behind = [context.paths.clean(command) for command in worker.result().left_behind] if stopped else []
            about = worker.about
    except WorkerError as error:
        from hatch_tilebox.discovery.diagnose.startup import worker_failed

        raise DiscoveryError(worker_failed(context, error)) from error
    return {
        **about,
        "tasks": [{"name": name, "version": version} for name, version in tasks],
        "unnamed": [name for name, version in tasks if version == DEFAULT_VERSION and name.isidentifier()],
        "left_behind": left_behind,
        "stopped": stopped,
    }


def _missing_programs(environment: Environment, files: FileSet) -> Sequence[Problem]:
    from hatch_tilebox.discovery.programs import missing_programs

    return missing_programs(files, environment.python.parent)


def _variables_read(answer: dict[str, Any], request: Request) -> tuple[str, ...]:
    """Names of passed variables that the code reads at import, set or not, so that releases do not depend on who builds them.

    It is not known which variables a worker command reads, so all names without `*` count.
    """
    if request.workflow.command:
        return request.passed.exact
    variables = answer["variables"]
    return tuple(sorted(name for name in {*variables["found"], *variables["missing"]} if request.passed.requests(name)))
