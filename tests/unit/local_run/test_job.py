"""The order in which the tasks of a job are executed, and what a failure does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_tilebox.local_run.job import Job, LocalTask
from hatch_tilebox.local_run.submissions import Submission


def submit(name, *depends_on, **more):
    return Submission(name, "v1.0", b"", name, depends_on, **more)


def execute(job, behaviour, limit=None):
    """Execute a job; `behaviour` maps a task's name to its submissions, or to an error. Gives the names in order."""
    order = []
    while (limit is None or len(order) < limit) and (task := job.next()):
        task.attempts += 1
        order.append(task.display)
        action = behaviour.get(task.display, [])
        if callable(action):
            action = action(task)
        if isinstance(action, str):
            job.failed(task, action)
        else:
            job.computed(task, action)
    return order


@pytest.fixture
def job():
    return Job(LocalTask("root", "v1.0", b"", "root"))


def states(job):
    return {task.display: task.state for task in job.root.below()}


def test_a_task_alone(job):
    assert job.state == "submitted"
    assert execute(job, {}) == ["root"]
    assert job.state == "completed"
    assert (job.done, job.count) == (1, 1)


def test_subtasks_come_after_their_parent_and_before_the_next_branch(job):
    behaviour = {"root": [submit("a"), submit("b")], "a": [submit("a1"), submit("a2")]}
    assert execute(job, behaviour) == ["root", "a", "a1", "a2", "b"]
    assert job.state == "completed"
    assert [task.display for task in job.root.below()] == ["root", "a", "a1", "a2", "b"]


def test_a_dependency_is_complete_with_all_below_it(job):
    behaviour = {"root": [submit("late", 1), submit("a")], "a": [submit("a1")], "a1": [submit("a11")]}
    assert execute(job, behaviour) == ["root", "a", "a1", "a11", "late"]


def test_diamond(job):
    behaviour = {"root": [submit("a"), submit("b", 0), submit("c", 0), submit("d", 1, 2, 2)]}
    assert execute(job, behaviour) == ["root", "a", "b", "c", "d"]


def test_a_job_that_is_not_followed_is_started(job):
    execute(job, {"root": [submit("a")]}, limit=1)
    assert job.state == "started"
    assert states(job) == {"root": "computed", "a": "queued"}


def test_retries(job):
    behaviour = {"root": [submit("a", max_retries=2), submit("b")], "a": lambda task: "no" if task.attempts < 3 else []}
    assert execute(job, behaviour) == ["root", "a", "a", "a", "b"]
    assert job.state == "completed"


def test_a_failure_ends_the_job(job):
    behaviour = {"root": [submit("a", max_retries=1), submit("b"), submit("c", 0)], "a": "no"}
    assert execute(job, behaviour) == ["root", "a", "a"]
    assert job.state == "failed"
    assert states(job) == {"root": "computed", "a": "failed", "b": "queued", "c": "queued"}
    assert job.root.subtasks[0].error == "no"


def test_a_failed_root_fails_the_job(job):
    assert execute(job, {"root": "no"}) == ["root"]
    assert (job.state, job.done) == ("failed", 1)


def test_what_depends_on_an_optional_task_starts_although_it_failed(job):
    behaviour = {"root": [submit("a", optional=True), submit("b", 0)], "a": "no"}
    assert execute(job, behaviour) == ["root", "a", "b"]
    assert job.state == "completed"
    assert states(job) == {"root": "computed", "a": "failed_optional", "b": "computed"}


def test_a_failure_below_an_optional_task_skips_the_rest_below_it(job):
    behaviour = {
        "root": [submit("a", optional=True), submit("b", 0)],
        "a": [submit("a1"), submit("a2", 0), submit("a3")],
        "a1": [submit("a11"), submit("a12")],
        "a11": "no",
    }
    assert execute(job, behaviour) == ["root", "a", "a1", "a11", "b"]
    assert job.state == "completed"
    assert states(job) == {
        **dict.fromkeys(["root", "a", "a1", "b"], "computed"),
        "a11": "failed_optional",
        **dict.fromkeys(["a12", "a2", "a3"], "skipped"),
    }
    assert job.done == job.count


@given(st.recursive(st.just([]), lambda inner: st.lists(st.tuples(inner, st.sets(st.integers(0, 5))), max_size=5), max_leaves=20))
def test_every_task_is_executed_once_and_after_all_it_depends_on(tree):
    """`tree` is a list of subtasks, each its own subtasks and the indices of earlier siblings that it depends on."""
    job = Job(LocalTask("root", "v1.0", b"", "root"))
    plans = {job.root.id: tree}
    executed = []
    while task := job.next():
        for other in task.depends_on:
            assert all(each.state == "computed" for each in other.below())
        assert task not in executed
        executed.append(task)
        plan = plans[task.id]
        submissions = [submit(str(i), *sorted(j for j in wanted if j < i)) for i, (_, wanted) in enumerate(plan)]
        for subtask, (below, _) in zip(job.computed(task, submissions), plan, strict=True):
            plans[subtask.id] = below
    assert len(executed) == len(plans) == job.done == job.count
    assert job.state == "completed"
