"""Unpack a release, start its worker, and let it execute tasks."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from time import perf_counter
from typing import TYPE_CHECKING, Any

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.core.errors import DiscoveryError, Problem, RunError
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.core.short_forms import short_list
from hatch_tilebox.core.task_versions import find_successor
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.inputs.encode import encode_input
from hatch_tilebox.inputs.fields import encode_fields
from hatch_tilebox.inputs.limits import MAX_TASK_GROUPS, input_problem
from hatch_tilebox.local_run.job import Job, LocalTask
from hatch_tilebox.local_run.selection import find_task
from hatch_tilebox.local_run.session import LOCAL_CLUSTER, StartOptions, encode_id, open_session
from hatch_tilebox.local_run.submissions import count_groups, progress_of, submissions_of
from hatch_tilebox.local_run.triggers import Trigger, with_trigger
from hatch_tilebox.pipeline.verify import unpacked_files

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import FileSet, ReleaseManifest, Task
    from hatch_tilebox.local_run.job import JobState
    from hatch_tilebox.local_run.session import Session
    from hatch_tilebox.local_run.submissions import Submission
    from hatch_tilebox.local_run.telemetry import LogRecord, Span


_SHOWN = 5
_NO_SERVICE = "a local run has no Tilebox service"


class Watcher:
    """Receives events while tasks are executed, some of them from other threads. This base class ignores them."""

    def task_started(self, task: LocalTask, job: Job) -> None:
        """The worker executes a task."""

    def task_ended(self, task: LocalTask, job: Job) -> None:
        """A task is computed, failed, or queued again after a failure."""

    def log(self, record: LogRecord) -> None:
        """A task, or the SDK, wrote to the log."""

    def output(self, line: str) -> None:
        """The worker's process wrote a line to stdout or stderr."""


@dataclass(frozen=True)
class RunResult:
    """The result of a run. `problems` are the reasons why the job is not completed.

    `state` is the state of the job: "completed", "failed", "started" if subtasks are still queued, or "submitted" if no task is
    computed. In `tasks`, parents are before their subtasks.
    """

    state: JobState
    tasks: tuple[LocalTask, ...]
    logs: tuple[LogRecord, ...]
    spans: tuple[Span, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class TaskCall:
    """What to execute. `task` is `NAME[@VERSION]`, or None for the only task (see `find_task`).

    `given` is its input as the user wrote it (see `encode_input`), its fields as `name=value` (see `encode_fields`), or None for no
    input. With `follow`, submitted subtasks are executed too, one after the other. `options` are those of the start. `trigger` is
    what triggers an automation task (see `with_trigger`).
    """

    task: str | None = None
    given: bytes | tuple[str, ...] | None = None
    follow: bool = False
    options: StartOptions = field(default_factory=StartOptions)
    trigger: Trigger = field(default_factory=Trigger)

    def registering(self, tasks: Collection[tuple[str, str]]) -> TaskCall:
        """Return this call for a worker that has to register exactly `tasks`, names and versions."""
        return replace(self, options=replace(self.options, tasks=tasks))


def run_task(path: Path, call: TaskCall, progress: Progress | None = None, watcher: Watcher | None = None) -> RunResult:
    """Execute a task of the release `path` on this machine: see `run_files`. Also raises ArchiveError."""
    progress = progress or Progress()
    progress.started("Checking the archive")
    manifest, artifact = check_archive(path)
    progress.finished(f"{len(manifest.files)} files, {format_size(artifact.size)}")
    with temporary_folder() as folder:
        extract_archive(path, folder / "release")
        return run_files(unpacked_files(manifest, folder / "release"), manifest, call, progress, watcher)


def run_files(
    files: FileSet,
    manifest: ReleaseManifest,
    call: TaskCall,
    progress: Progress | None = None,
    watcher: Watcher | None = None,
) -> RunResult:
    """Execute a task of a release on this machine, through the worker protocol, without a Tilebox account.

    `files` are those of the release, whose manifest has their digests. This runs the code in the release.

    Raises a `TileboxError` if the task or the input is refused, or if the worker does not start. A task that fails does not raise;
    the result reports it.
    """
    progress, watcher = progress or Progress(), watcher or Watcher()
    chosen, given = find_task(manifest.tasks, call.task), call.given
    arguments, warnings = encode_input(chosen, encode_fields(chosen, given) if isinstance(given, tuple) else given)
    given_input = with_trigger(chosen, arguments, call.trigger)
    if problem := input_problem(f"{chosen.name} {chosen.version}", given_input.data, arguments):
        raise RunError(problem)
    job = Job(LocalTask(chosen.name, chosen.version, given_input.data, chosen.name.rpartition("/")[2], cluster=LOCAL_CLUSTER))
    with open_session(
        files,
        manifest,
        call.options,
        progress=progress,
        on_log=watcher.log,
        on_line=watcher.output,
        storage_locations=given_input.storage_locations,
    ) as session:
        execution = _Execution(session, job, manifest, watcher)
        execution.run(follow=call.follow)
        written = session.finish()
        problems = execution.problems()
    telemetry = session.telemetry
    warnings = (*warnings, *execution.warnings(written))
    return RunResult(job.state, tuple(job.root.below()), tuple(telemetry.logs), tuple(telemetry.spans), tuple(problems), warnings)


@dataclass
class _Execution:
    """Executes the tasks of a job one after the other."""

    session: Session
    job: Job
    manifest: ReleaseManifest
    watcher: Watcher
    began: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat())
    lost: Problem | None = None
    foreign: list[LocalTask] = field(default_factory=list)
    refused: dict[LocalTask, Problem] = field(default_factory=dict)

    def run(self, *, follow: bool) -> None:
        """Execute the root task and its retries. With `follow`, execute its subtasks too."""
        while self.lost is None and (task := self.job.next()):
            registered = find_successor(self.manifest.tasks, task.name, task.version)
            if registered is None:
                self.foreign.append(task)
                continue
            self.watcher.task_started(task, self.job)
            self._execute(task, registered)
            self.watcher.task_ended(task, self.job)
            if not follow and task.state != "queued":
                return

    def problems(self) -> list[Problem]:
        """Return why the job is not completed."""
        found = [self._failure(task) for task in self.job.root.below() if task.state == "failed"]
        if self.foreign:
            names = ", ".join(dict.fromkeys(f"{task.name} {task.version}" for task in self.foreign))
            message = f"submitted, but not among the tasks of this release: {names}"
            found.append(Problem(message, "a runner with another release must execute them; here they stay queued", code="TBX604"))
        return found

    def warnings(self, written: Sequence[str]) -> list[Problem]:
        """Return warnings about tasks that did not fail the job, and about the paths that they have written."""
        found = []
        if self.job.state != "failed" and (refusals := self._refusals()):
            found.append(Problem(refusals, code="TBX604"))
        optional = [task for task in self.job.root.below() if task.state == "failed_optional"]
        for task in optional[:_SHOWN]:
            stacktrace = self.session.telemetry.stacktrace(str(task.id))
            found.append(Problem(f"the optional task {task.display} failed: {task.error}", details=stacktrace, code="TBX603"))
        if len(optional) > _SHOWN:
            found.append(Problem(f"{len(optional) - _SHOWN} more optional tasks failed", code="TBX603"))
        if written:
            message = f"the tasks wrote into the folder of the release: {short_list(written, _SHOWN)}"
            hint = "these files are deleted, and on a cluster other tasks do not see them; use the job cache"
            found.append(Problem(message, hint, code="TBX606"))
        return found

    def _execute(self, task: LocalTask, registered: Task) -> None:
        task.attempts += 1
        began = perf_counter()
        try:
            answer = self.session.execute(self._request(task, registered))
        except DiscoveryError as error:
            self.lost = error.problems[0]
            task.max_retries = 0
            self.job.failed(task, self.lost.message)
            return
        finally:
            task.seconds = perf_counter() - began
        response = answer.get("computedTask") or answer.get("failedTask") or {}
        task.progress = progress_of(response)
        display = response.get("display", task.display)
        if "computedTask" in answer:
            task.display = display
            submissions = submissions_of(response)
            if self._accepts(task, submissions, count_groups(response)):
                self.job.computed(task, submissions)
            return
        head, _, error_text = display.rpartition("\n")
        task.display = head or task.display
        self.job.failed(task, error_text if head else "the runner could not execute it")

    def _accepts(self, task: LocalTask, submissions: Sequence[Submission], groups: int) -> bool:
        """Return whether the Tilebox API would accept these submissions of `task`. Fail the task if it would not."""
        problems = [
            problem for item in submissions if (problem := input_problem(f"the subtask {item.name} {item.version}", item.input))
        ]
        if groups > MAX_TASK_GROUPS:
            message = f"it submits {groups} task groups, but Tilebox accepts at most {MAX_TASK_GROUPS}"
            problems.append(
                Problem(message, "submit subtasks with the same dependencies together, or from an intermediate task", code="TBX604")
            )
        if problems:
            task.max_retries = 0
            self.refused[task] = problems[0]
            self.job.failed(task, problems[0].message)
        return not problems

    def _request(self, task: LocalTask, registered: Task) -> dict[str, Any]:
        """Return a `workflows.v1.Task` in protobuf's JSON form. All tasks of a job are part of one trace."""
        return {
            "id": encode_id(task.id),
            "identifier": {"name": registered.name, "version": registered.version},
            "state": "TASK_STATE_RUNNING",
            "input": base64.b64encode(task.input).decode(),
            "display": task.display,
            "job": {
                "id": encode_id(self.job.id),
                "name": self.job.root.display,
                "traceParent": f"00-{self.job.id.hex}-{self.job.id.hex[:16]}-01",
                "state": "JOB_STATE_RUNNING",
                "submittedAt": self.began,
            },
            "dependsOn": [encode_id(other.id) for other in task.depends_on],
            "retryCount": task.attempts - 1,
            **({"parentId": encode_id(task.parent.id)} if task.parent else {}),
        }

    def _failure(self, task: LocalTask) -> Problem:
        attempts = f" after {task.attempts} attempts" if task.attempts > 1 else ""
        message = f"{task.display} ({task.name} {task.version}) failed{attempts}: {task.error}"
        if self.lost:
            return Problem(message, self.lost.hint, details=self.lost.details, code="TBX607")
        if task in self.refused:
            return Problem(message, self.refused[task].hint, code="TBX604")
        stacktrace = self.session.telemetry.stacktrace(str(task.id))
        return Problem(message, self._refusals() or _hint(task, stacktrace or ""), details=stacktrace, code="TBX603")

    def _refusals(self) -> str | None:
        """Return which methods of the Tilebox service the tasks called, None if they called none."""
        if not self.session.telemetry.refused:
            return None
        methods = ", ".join(method.strip("/") for method in self.session.telemetry.refused[:_SHOWN])
        return f"{_NO_SERVICE}, and these methods were called: {methods}; deploy the release to test that part"


def _hint(task: LocalTask, stacktrace: str) -> str | None:
    """Return how to fix a failure that a local run causes."""
    if re.match("NoCacheError", task.error or ""):
        return "give the runner a cache: `Runner(tasks=[…], cache=LocalFileSystemCache())`, or a shared one for clusters"
    if "_tilebox.grpc." in stacktrace:  # an SDK that ignores TILEBOX_API_URL does not find the sink
        return f"{_NO_SERVICE}; deploy the release to test that part"
    return None
