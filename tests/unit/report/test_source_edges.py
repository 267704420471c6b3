"""Submissions of subtasks, read from the source of tasks."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.model import Source, Task
from hatch_tilebox.report.source_edges import source_edges

TASKS = tuple(Task(name, "v1.0", object=f"flow.tasks:{name}", source=Source("flow/tasks.py", 1)) for name in "ABC")
CLASS = "class {}(Task):\n    def execute(self, context):\n        {}\n"


def edges(body, *, head="", tasks=TASKS, more=None):
    """The edges from the source of A, by name, and the order between tasks."""
    source = head + CLASS.format("A", body) + CLASS.format("B", "pass") + CLASS.format("C", "pass")
    submits, before = source_edges(tasks, {"flow/tasks.py": source.encode(), **(more or {})})
    return sorted("ABC"[first] + "ABC"[second] for first, second in submits), sorted("ABC"[i] + "ABC"[j] for i, j in before)


@pytest.mark.parametrize(
    ("body", "submits", "before"),
    [
        ("context.submit_subtask(B(1))", ["AB"], []),
        ("context.submit_subtasks([B(1), C()])", ["AB", "AC"], []),
        ("context.submit_subtasks([B(i) for i in range(9)])", ["AB"], []),
        ("x = context.submit_subtask(B()); context.submit_subtask(C(), depends_on=[x])", ["AB", "AC"], ["BC"]),
        ("x = [context.submit_subtask(B(i)) for i in y]; context.submit_subtask(C(len(x)), depends_on=x)", ["AB", "AC"], ["BC"]),
        ("todo = [B(i) for i in y]\n        context.submit_subtasks(todo)", ["AB"], []),
        (
            "x = []\n        for i in y: x.append(context.submit_subtask(B(i)))\n        context.submit_subtask(C(), depends_on=x)",
            ["AB", "AC"],
            ["BC"],
        ),
        ("context.submit_subtask(A())", ["AA"], []),
        ("x = context.submit_subtask(C(), depends_on=[context.submit_subtask(B())])", ["AB", "AC"], ["BC"]),
        ("print(B())", [], []),
        ("context.submit_subtask(make())", [], []),
        ("context.submit_subtask()", [], []),
    ],
)
def test_submissions_are_found(body, submits, before):
    assert edges(body) == (submits, before)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("from flow.other import B as Other\n", "context.submit_subtask(Other())"),
        ("from flow import other\n", "context.submit_subtask(other.B())"),
        ("import flow.other as other\n", "context.submit_subtask(other.B())"),
        ("from . import other\n", "context.submit_subtask(other.B())"),
        ("", "from flow.other import B\n        context.submit_subtask(B())"),
        ("from flow import B\n", "context.submit_subtask(B())"),
    ],
    ids=["renamed", "module", "renamed module", "relative", "inside", "exported by the package"],
)
def test_classes_of_other_modules_are_found(head, body):
    tasks = (TASKS[0], TASKS[1]._replace(object="flow.other:B", source=Source("flow/other.py", 1)))
    source = head + CLASS.format("A", body)
    assert source_edges(tasks, {"flow/tasks.py": source.encode()}) == ({(0, 1)}, set())


@pytest.mark.parametrize("source", [b"class A(:", b"\xff", b"class B: pass", b"class A: pass", b"(" * 5000])
def test_source_that_cannot_be_read_has_no_edges(source):
    assert source_edges(TASKS, {"flow/tasks.py": source}) == (set(), set())


def test_tasks_without_a_source_have_no_edges():
    assert source_edges((Task("A", "v1.0"), Task("B", "v1.0", object="m:B")), {}) == (set(), set())
