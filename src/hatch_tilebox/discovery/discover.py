"""Which tasks a workflow registers: its selected files are staged, its environment prepared, its runner asked."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.discovery.cache import file_identity, open_store
from hatch_tilebox.discovery.clean_environment import Passed
from hatch_tilebox.discovery.diagnose import context as explain
from hatch_tilebox.discovery.diagnose import startup as explain_start
from hatch_tilebox.discovery.environment import Environment, Metadata, environment_key, prepare, read_metadata
from hatch_tilebox.discovery.machine_only import machine_only
from hatch_tilebox.discovery.result_cache import interpreter_unchanged, reproducible, restore_problem, restore_task, result_key
from hatch_tilebox.discovery.runner_start import start_runner
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.discovery.worker import WorkerError, start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hatch_tilebox.core.errors import Location, Problem
    from hatch_tilebox.core.model import FileEntry, FileSet, Task, Workflow
    from hatch_tilebox.discovery.cache import Store

__all__ = ["Discovery", "Level", "discover_tasks"]

Level = Literal["import", "worker"]

DEFAULT_VERSION = "v0.0"
"""What the SDK takes for a task class without an identifier of its own; its name then is the name of the class."""


@dataclass(frozen=True)
class Discovery:
    """What a runner said. `python` is the version of its interpreter, `sdk` of its tilebox-workflows where that is known.

    `environment` names the variables among those let through that the code asked for at import, sorted.

    `cached` tells that an earlier build asked, and nothing changed since that could change the answer.
    """

    tasks: tuple[Task, ...]
    warnings: tuple[Problem, ...]
    python: str
    sdk: str | None
    environment: tuple[str, ...] = ()
    cached: bool = False


@dataclass(frozen=True)
class _Question:
    """The arguments of `discover_tasks` that its parts share."""

    files: FileSet
    entries: Sequence[FileEntry]
    workflow: Workflow
    level: Level
    timeout: float
    location: Location | None
    progress: Progress
    passed: Passed


def discover_tasks(
    files: FileSet,
    entries: Sequence[FileEntry],
    workflow: Workflow,
    *,
    level: Level = "worker",
    timeout: float = 120.0,
    cache: bool = True,
    progress: Progress | None = None,
    location: Location | None = None,
    passed: Passed | None = None,
) -> Discovery:
    """Ask the runner of `workflow` which tasks it registers, in its own environment, where only `files` exist.

    `entries` are the manifest's entries of the same files. `level` "worker" starts the worker as a release runner does and asks it
    over its protocol; "import" only imports the runner object, where there is one. Start-up may take `timeout` seconds. With
    `cache`, environments and answers are kept in the user's cache folder. `location` is where the runner or command is configured.
    `passed` are environment variables that the user lets through (see `clean_environment.py`).
    Raises DiscoveryError, which says what to do about it.
    """
    level = "worker" if workflow.command else level
    passed = Passed() if passed is None else passed
    question = _Question(files, entries, workflow, level, timeout, location, progress or Progress(), passed)
    metadata = _metadata(question)
    if question.passed:
        question.progress.result("Environment", ", ".join(question.passed))
    findings = machine_only(files)
    if findings.errors:
        raise DiscoveryError(*findings.errors)
    discovery = _discover(question, metadata, cache=cache)
    return replace(discovery, warnings=(*findings.warnings, *discovery.warnings))


def _discover(question: _Question, metadata: Metadata, *, cache: bool) -> Discovery:
    """The answer of the runner, kept from an earlier build or asked for now."""
    keeps = cache and not question.passed and reproducible(question.files, question.workflow)
    with open_store(keep=cache) as store:
        names = question.passed.patterns
        key = result_key(question.files, question.entries, question.workflow, question.level, names) if keeps else None
        kept = store.read_result(key) if key else None
        if kept is not None and interpreter_unchanged(kept):
            question.progress.started("Asking for the tasks")
            discovery = _restore(kept)
            question.progress.finished(f"{_count(discovery.tasks)}, unchanged since an earlier build")
            return discovery
        answer = _ask(store, question, metadata)
        discovery = _judge(answer, question, metadata)
        if key:
            store.write_result(key, {**_record(discovery), "interpreter": answer["identity"]})
        return discovery


def _metadata(question: _Question) -> Metadata:
    """What the selected `pyproject.toml` says; a worker command may do without one. Raises DiscoveryError."""
    metadata = read_metadata(question.files)
    if metadata is None and question.workflow.command is None:
        raise DiscoveryError(explain.no_pyproject(question.files))
    return metadata or Metadata({}, "", locked=False, present=False)


@dataclass(frozen=True)
class _Prepared:
    """An environment, the uv that made it, and how to make it once more where it turns out to be damaged."""

    environment: Environment
    uv: Path
    again: Callable[[], Environment]


@contextlib.contextmanager
def _prepared(store: Store, question: _Question, metadata: Metadata) -> Iterator[_Prepared]:
    """The environment for `question`, which nobody else uses meanwhile. Raises DiscoveryError."""
    uv = require_uv()
    progress = question.progress
    progress.started("Preparing the runtime")
    began = perf_counter()
    key = environment_key(question.files, question.entries, metadata, uv, question.passed)
    folder = store.environments / key

    def make() -> Environment:
        return prepare(folder, question.files, question.entries, metadata, uv, progress.detail, question.passed)

    def make_again() -> Environment:
        progress.detail("the environment kept from an earlier build is damaged: it is created again")
        Environment(folder, reused=False).ready.unlink(missing_ok=True)
        return make()

    with store.lock(key, lambda: progress.detail("waiting for another build, which uses the same environment")):
        environment = make()
        progress.finished(
            "environment kept from an earlier build" if environment.reused else "environment made", seconds=perf_counter() - began
        )
        yield _Prepared(environment, uv, make_again)


def _ask(store: Store, question: _Question, metadata: Metadata) -> dict[str, Any]:
    """The answer of the runner, of the worker, or of both, from an environment that is sound."""
    with _prepared(store, question, metadata) as prepared:
        environment = prepared.environment
        question.progress.started("Asking for the tasks")
        began = perf_counter()
        try:
            answer = _answer(environment, question, metadata, prepared.uv)
        except DiscoveryError:
            if not environment.reused or environment.intact():
                raise
            environment = prepared.again()
            answer = _answer(environment, question, metadata, prepared.uv)
        answer["written"] = environment.changes(question.entries)
    answer["identity"] = file_identity(Path(answer["interpreter"]))
    sdk = f", tilebox-workflows {answer['sdk']}" if answer["sdk"] else ""
    question.progress.finished(f"{_count(answer['tasks'])}, Python {answer['python']}{sdk}", seconds=perf_counter() - began)
    return answer


def _context(environment: Environment, question: _Question, metadata: Metadata) -> explain.Context:
    paths = explain.Paths(environment.project, environment.prefix)
    return explain.Context(question.files, question.workflow, metadata.data, question.location, paths, question.timeout)


def _answer(environment: Environment, question: _Question, metadata: Metadata, uv: Path) -> dict[str, Any]:
    context = _context(environment, question, metadata)
    if question.workflow.command:
        return _serve(environment, question, context, uv)
    start = start_runner(
        environment,
        question.workflow.runner or "",
        uv,
        level=question.level,
        timeout=question.timeout,
        development=explain.development_only(context.pyproject),
        on_line=question.progress.detail,
    )
    if start.facts is None:
        raise DiscoveryError(explain_start.no_answer(context, start.finished, start.hang, began=start.began))
    if start.facts["status"] != "tasks":
        raise DiscoveryError(explain_start.failure(context, start.facts, start.finished))
    left_behind = [context.paths.clean(command) for command in start.finished.left_behind]
    return {**start.facts, "left_behind": left_behind, "stopped": start.stopped}


def _serve(environment: Environment, question: _Question, context: explain.Context, uv: Path) -> dict[str, Any]:
    """Start the worker and ask it for its tasks."""
    try:
        with start_worker(environment, question.workflow, uv, timeout=question.timeout, on_line=question.progress.detail) as worker:
            tasks = worker.tasks()
            stopped = worker.shutdown()
            left_behind = [context.paths.clean(command) for command in worker.result().left_behind] if stopped else []
            about = worker.about
    except WorkerError as error:
        raise DiscoveryError(explain_start.worker_failed(context, error)) from error
    nothing = {"input_schema": None, "description": None, "object": None}
    return {
        **about,
        "tasks": [{"name": name, "version": version, **nothing} for name, version in tasks],
        "unnamed": [name for name, version in tasks if version == DEFAULT_VERSION and name.isidentifier()],
        "left_behind": left_behind,
        "stopped": stopped,
    }


def _judge(answer: dict[str, Any], question: _Question, metadata: Metadata) -> Discovery:
    """The tasks in `answer` and what is doubtful about them. Raises DiscoveryError where they make no release."""
    tasks = tuple(sorted((restore_task(task) for task in answer["tasks"]), key=lambda task: (task.name, task.version)))
    problems = explain_start.unusable_tasks(tasks, question.workflow, question.location)
    if problems:
        raise DiscoveryError(*problems)
    locked = metadata.locked or not metadata.present
    warnings = explain_start.doubts(answer, question.files, locked=locked)
    return Discovery(tasks, tuple(warnings), answer["python"], answer["sdk"], _read(answer, question))


def _read(answer: dict[str, Any], question: _Question) -> tuple[str, ...]:
    """Names let through that the code asked for, set or not: what a release says must not depend on who builds it.

    Of a command nothing is known, so all count that were let through one by one.
    """
    if question.workflow.command:
        return question.passed.exact
    variables = answer["variables"]
    return tuple(sorted(name for name in {*variables["found"], *variables["missing"]} if question.passed.asked(name)))


def _record(discovery: Discovery) -> dict[str, Any]:
    """The discovery as JSON values, which `_restore` reads back."""
    return {
        "tasks": [task._asdict() for task in discovery.tasks],
        "warnings": [
            {**problem._asdict(), "location": problem.location and problem.location._asdict()} for problem in discovery.warnings
        ],
        "python": discovery.python,
        "sdk": discovery.sdk,
        "environment": list(discovery.environment),
    }


def _restore(record: dict[str, Any]) -> Discovery:
    return Discovery(
        tuple(restore_task(task) for task in record["tasks"]),
        tuple(restore_problem(problem) for problem in record["warnings"]),
        record["python"],
        record["sdk"],
        tuple(record["environment"]),
        cached=True,
    )


def _count(tasks: Sequence[object]) -> str:
    return f"{len(tasks)} task{'' if len(tasks) == 1 else 's'}"
