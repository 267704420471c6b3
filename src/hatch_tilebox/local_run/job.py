"""A job: its tasks, which of them may be executed next, and what becomes of it when one fails. No I/O.

The rules are those of the Tilebox service. A subtask is queued when its parent has been computed. A task is complete when all tasks
below it are, and only then what depends on it may start. A task that failed is executed again as often as its submitter allowed; if
it still fails, the job does, and nothing more of it is executed. An optional task may fail: what depends on it still starts.
Source: https://docs.tilebox.com/workflows/concepts/tasks and the docstrings of tilebox-workflows. Neither says what a failure below
an optional task does; here it counts as a failure of that optional task, and what is queued below it is skipped.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.local_run.submissions import Submission

__all__ = ["Job", "JobState", "LocalTask", "TaskState"]

TaskState = Literal["queued", "computed", "failed", "failed_optional", "skipped"]
JobState = Literal["submitted", "started", "completed", "failed"]


@dataclass(eq=False)
class LocalTask:
    """A task of a job. `order` is the path of positions that leads to it, so that a parent comes before its subtasks.

    `seconds` is how long the last of `attempts` took; `error` what it failed with; `progress` label, done and total of its
    progress indicators.
    """

    name: str
    version: str
    input: bytes
    display: str
    order: tuple[int, ...] = ()
    parent: LocalTask | None = None
    depends_on: tuple[LocalTask, ...] = ()
    max_retries: int = 0
    optional: bool = False
    cluster: str = ""
    id: UUID = field(default_factory=uuid4)
    state: TaskState = "queued"
    attempts: int = 0
    seconds: float = 0.0
    error: str | None = None
    progress: tuple[tuple[str, int, int], ...] = ()
    subtasks: list[LocalTask] = field(default_factory=list, repr=False)
    dependents: list[LocalTask] = field(default_factory=list, repr=False)
    waits_for: int = 0
    open_subtasks: int = 0
    closed: bool = False

    def below(self) -> Iterator[LocalTask]:
        """The task itself and all below it, parents first."""
        stack = [self]
        while stack:
            task = stack.pop()
            yield task
            stack += reversed(task.subtasks)


class Job:
    """A root task and what comes of it."""

    def __init__(self, root: LocalTask) -> None:
        self.id = uuid4()
        self.root = root
        self.count = 1
        self.done = 0
        self._failed = False
        self._ready: list[tuple[tuple[int, ...], int, LocalTask]] = []
        self._queue(root)

    @property
    def state(self) -> JobState:
        """The state, in Tilebox's words: "started" is a job of which a task has been computed, but not all are."""
        if self._failed:
            return "failed"
        if self.root.closed:
            return "completed"
        return "started" if self.root.state == "computed" else "submitted"

    def next(self) -> LocalTask | None:
        """The next task to execute, which leaves the queue; None where no task may start."""
        while self._ready and not self._failed:
            task = heapq.heappop(self._ready)[2]
            if task.state == "queued":
                return task
        return None

    def computed(self, task: LocalTask, submissions: Sequence[Submission]) -> list[LocalTask]:
        """Note that `task` was executed and submitted `submissions`. Gives its subtasks."""
        task.state = "computed"
        self.done += 1
        task.subtasks = [
            LocalTask(
                item.name,
                item.version,
                item.input,
                item.display or item.name.rpartition("/")[2],
                (*task.order, index),
                task,
                max_retries=item.max_retries,
                optional=item.optional,
                cluster=item.cluster,
            )
            for index, item in enumerate(submissions)
        ]
        self.count += len(task.subtasks)
        task.open_subtasks = len(task.subtasks)
        for subtask, item in zip(task.subtasks, submissions, strict=True):
            subtask.depends_on = tuple(task.subtasks[index] for index in dict.fromkeys(item.depends_on))
            subtask.waits_for = len(subtask.depends_on)
            for other in subtask.depends_on:
                other.dependents.append(subtask)
        for subtask in task.subtasks:
            if not subtask.waits_for:
                self._queue(subtask)
        if not task.subtasks:
            self._close(task)
        return task.subtasks

    def failed(self, task: LocalTask, error: str) -> None:
        """Note that the execution of `task` failed: it is queued again, or ends the job or the optional part of it."""
        task.error = error
        if task.attempts <= task.max_retries:
            self._queue(task)
            return
        self.done += 1
        root: LocalTask | None = task
        while root is not None and not root.optional:
            root = root.parent
        task.state = "failed" if root is None else "failed_optional"
        if root is None:
            self._failed = True
            return
        for other in root.below():
            if other.state == "queued":
                other.state = "skipped"
                self.done += 1
        self._close(root)

    def _queue(self, task: LocalTask) -> None:
        heapq.heappush(self._ready, (task.order, id(task), task))

    def _close(self, task: LocalTask) -> None:
        """Note that `task` and all below it are done, which may release others and complete its parent."""
        closing: LocalTask | None = task
        while closing is not None:
            closing.closed = True
            for dependent in closing.dependents:
                dependent.waits_for -= 1
                if not dependent.waits_for and dependent.state == "queued":
                    self._queue(dependent)
            closing = closing.parent
            if closing is not None:
                closing.open_subtasks -= 1
                closing = None if closing.open_subtasks else closing
