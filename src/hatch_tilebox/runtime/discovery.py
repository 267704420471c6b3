"""Which tasks a workflow registers: its selected files are staged, its environment prepared, its runner asked."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from hatch_tilebox.errors import DiscoveryError
from hatch_tilebox.progress import Progress
from hatch_tilebox.runtime import explain
from hatch_tilebox.runtime.cache import file_identity, open_store
from hatch_tilebox.runtime.environment import Environment, Metadata, environment_key, prepare, read_metadata
from hatch_tilebox.runtime.process import run
from hatch_tilebox.runtime.results import interpreter_unchanged, reproducible, restore_problem, restore_task, result_key
from hatch_tilebox.runtime.staging import foreign_changes
from hatch_tilebox.runtime.uv import require_uv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.errors import Location, Problem
    from hatch_tilebox.model import FileEntry, FileSet, Task, Workflow
    from hatch_tilebox.runtime.cache import Store

__all__ = ["Discovery", "Level", "discover_tasks"]

Level = Literal["import", "worker"]

PROBE = Path(__file__).with_name("probe.py")
GRACE = 5.0
"""Seconds between the probe's own time limit, which tells where the code hangs, and ours, which ends it whatever it does."""


@dataclass(frozen=True)
class Discovery:
    """What a runner said. `python` is the version of its interpreter, `sdk` of its tilebox-workflows where that is known.

    `cached` tells that an earlier build asked, and nothing changed since that could change the answer.
    """

    tasks: tuple[Task, ...]
    warnings: tuple[Problem, ...]
    python: str
    sdk: str | None
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


def discover_tasks(
    files: FileSet,
    entries: Sequence[FileEntry],
    workflow: Workflow,
    *,
    level: Level = "import",
    timeout: float = 120.0,
    cache: bool = True,
    progress: Progress | None = None,
    location: Location | None = None,
) -> Discovery:
    """Ask the runner of `workflow` which tasks it registers, in its own environment, where only `files` exist.

    `entries` are the manifest's entries of the same files. `level` "import" imports the runner object; "worker" starts the
    worker and asks it over its protocol, which a `command` needs anyway. Start-up may take `timeout` seconds. With `cache`,
    environments and answers are kept in the user's cache folder. `location` is where the runner or command is configured.
    Raises DiscoveryError, which says what to do about it.
    """
    question = _Question(
        files, entries, workflow, "worker" if workflow.command else level, timeout, location, progress or Progress()
    )
    metadata = read_metadata(files)
    if metadata is None:
        raise DiscoveryError(explain.no_pyproject(files))
    with open_store(keep=cache) as store:
        key = result_key(entries, workflow, question.level) if cache and reproducible(files) else None
        kept = store.read_result(key) if key else None
        if kept is not None and interpreter_unchanged(kept):
            question.progress.started("Asking for the tasks")
            discovery = _restore(kept)
            question.progress.finished(f"{_count(discovery.tasks)}, unchanged since an earlier build")
            return discovery
        answer = _ask(store, question, metadata)
        discovery = _judge(answer, question, metadata)
        if key:
            store.write_result(key, {**asdict(discovery), "interpreter": answer["identity"]})
        return discovery


def _ask(store: Store, question: _Question, metadata: Metadata) -> dict[str, Any]:
    """The runner's answer, from an environment that is sound."""
    uv = require_uv()
    progress = question.progress
    progress.started("Preparing the runtime")
    began = perf_counter()
    key = environment_key(question.files, question.entries, metadata, uv)
    folder = store.environments / key
    with store.lock(key):
        environment = prepare(folder, question.files, question.entries, metadata, uv, progress.detail)
        progress.finished("kept from an earlier build" if environment.reused else "made", seconds=perf_counter() - began)
        progress.started("Asking for the tasks")
        began = perf_counter()
        try:
            answer = _probe(environment, question, metadata)
        except DiscoveryError:
            if not environment.reused or environment.intact():
                raise
            progress.detail("the environment kept from an earlier build is damaged: it is made again")
            environment.ready.unlink()
            environment = prepare(folder, question.files, question.entries, metadata, uv, progress.detail)
            answer = _probe(environment, question, metadata)
    sdk = f", tilebox-workflows {answer['sdk']}" if answer["sdk"] else ""
    progress.finished(f"{len(answer['tasks'])} found by Python {answer['python']}{sdk}", seconds=perf_counter() - began)
    return answer


def _probe(environment: Environment, question: _Question, metadata: Metadata) -> dict[str, Any]:
    """Import the runner object and list its tasks."""
    paths = explain.Paths(environment.project, environment.prefix)
    context = explain.Context(question.files, question.workflow, metadata.data, question.location, paths, question.timeout)
    with tempfile.TemporaryDirectory(prefix="hatch-tilebox-") as folder:
        answer = Path(folder, "answer.json")
        result = run(
            [
                str(environment.python),
                str(PROBE),
                str(answer),
                str(question.timeout),
                question.workflow.runner or "",
            ],
            folder=environment.project,
            environment=environment.variables(),
            timeout=question.timeout + GRACE,
        )
        for line in (result.output + result.errors).splitlines():
            question.progress.detail(line)
        stack = Path(f"{answer}.stack")
        facts = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else None
        hang = stack.read_text(encoding="utf-8", errors="replace") if stack.exists() else ""
    if facts is None:
        raise DiscoveryError(explain.no_answer(context, result, hang))
    if facts["status"] != "tasks":
        raise DiscoveryError(explain.failure(context, facts))
    facts["identity"] = file_identity(Path(facts["interpreter"]))
    facts["left_behind"] = list(result.left_behind)
    facts["written"] = foreign_changes(environment.project, question.entries, ignored=("uv.lock",))
    return facts


def _judge(answer: dict[str, Any], question: _Question, metadata: Metadata) -> Discovery:
    """The tasks in `answer` and what is doubtful about them. Raises DiscoveryError where they make no release."""
    tasks = tuple(sorted((restore_task(task) for task in answer["tasks"]), key=lambda task: (task.name, task.version)))
    problems = explain.unusable_tasks(tasks, question.workflow, question.location)
    if problems:
        raise DiscoveryError(*problems)
    warnings = explain.doubts(answer, question.files, locked=metadata.locked)
    return Discovery(tasks, tuple(warnings), answer["python"], answer["sdk"])


def _restore(record: dict[str, Any]) -> Discovery:
    return Discovery(
        tuple(restore_task(task) for task in record["tasks"]),
        tuple(restore_problem(problem) for problem in record["warnings"]),
        record["python"],
        record["sdk"],
        cached=True,
    )


def _count(tasks: Sequence[Task]) -> str:
    return f"{len(tasks)} task{'' if len(tasks) == 1 else 's'}"
