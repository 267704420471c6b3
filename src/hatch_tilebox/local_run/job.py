"""A job: its tasks and their states. No I/O.

The rules are those of the Tilebox service. A subtask is queued when its parent is computed. A task is complete when all tasks below
it are, and only then its dependents start. A failed task is retried as often as its submitter allows. If it still fails, the job
fails and no other task starts. If an optional task fails, its dependents still start.
Source: https://docs.tilebox.com/workflows/concepts/tasks and the docstrings of tilebox-workflows. Both leave open what a failure
below an optional task does. Here, it is a failure of that optional task, and queued tasks below it are skipped.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.local_run.submissions import Submission


TaskState = Literal["queued", "computed", "failed", "failed_optional", "skipped"]
JobState = Literal["submitted", "started", "completed", "failed"]


@dataclass(eq=False)
class LocalTask:
    """A task of a job. `order` is its position among its siblings, after the positions of its parents.

    `seconds` is the duration of the last of `attempts`, `error` its error, and `progress` has the label, done and total of each
    progress indicator.
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
        """Yield the task and all tasks below it, parents first."""
        stack = [self]
        while stack:
            task = stack.pop()
            yield task
            stack += reversed(task.subtasks)


class Job:
    """A root task and all tasks below it."""

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
        """The state in Tilebox's terms: in a "started" job some, but not all tasks are computed."""
        if self._failed:
            return "failed"
        if self.root.closed:
            return "completed"
        return "started" if self.root.state == "computed" else "submitted"

    def next(self) -> LocalTask | None:
        """Take the next task from the queue. Return None if no task can start."""
        while self._ready and not self._failed:
            task = heapq.heappop(self._ready)[2]
            if task.state == "queued":
                return task
        return None

    def computed(self, task: LocalTask, submissions: Sequence[Submission]) -> list[LocalTask]:
        """Record that `task` is computed and submitted `submissions`. Return its subtasks."""
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
        """Record that `task` failed. Queue it again, or fail its optional parent or the job."""
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
        """Record that `task` and all tasks below it are done. Queue its dependents, and complete its parent if possible."""
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
