"""Tasks that are read off the source, and those of them that the runner does not register."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.model import Task
from hatch_tilebox.project.check import check_project
from hatch_tilebox.project.source_tasks import SourceTask, source_tasks, unregistered_tasks
from hatch_tilebox.project.source_tree import SourceTree
from hatch_tilebox.project.workflow_file import load_config

RUNNER = """\
import tilebox.workflows as w
from tilebox.workflows import Runner

from flow import tasks


class Plain(w.Task):
    pass


runner = Runner(tasks=[Plain, tasks.Named])
"""
TASKS = """\
from abc import abstractmethod

from tilebox.workflows import Task as Base
from tilebox.workflows.automations import CronTask

from .shared import Shared

VERSION = "v2.0"


class Abstract(Base):
    @abstractmethod
    def scene(self): ...


class Named(Base):
    @staticmethod
    def identifier():
        return "acme/Named", "v1.2"


class Computed(Base):
    @staticmethod
    def identifier():
        return "acme/Computed", VERSION


class Nightly(CronTask):
    pass


class Inherits(Shared):
    pass


class Other:
    pass


class Task:
    pass


class NoTask(Task):
    pass
"""
SHARED = """\
from tilebox.workflows import Task

class Shared(Task):
    @staticmethod
    def identifier():
        return "acme/Shared", "v1.0"
"""


@pytest.fixture
def workflow(small_project):
    """The source tree and configuration of a workflow whose tasks are in three modules."""
    files = {"runner.py": RUNNER, "flow/__init__.py": "", "flow/tasks.py": TASKS, "flow/shared.py": SHARED, "lone.py": SHARED}
    root = small_project(files)
    return SourceTree(root), load_config(root / "tilebox.workflow.toml")


def test_tasks_are_listed_with_their_places(workflow):
    assert source_tasks(*workflow) == (
        SourceTask("flow.tasks", "Named", "flow/tasks.py", 16, ("acme/Named", "v1.2")),
        SourceTask("flow.tasks", "Computed", "flow/tasks.py", 22, None),
        SourceTask("flow.tasks", "Nightly", "flow/tasks.py", 28, ("Nightly", "v0.0")),
        SourceTask("flow.tasks", "Inherits", "flow/tasks.py", 32, None),
        SourceTask("runner", "Plain", "runner.py", 7, ("Plain", "v0.0")),
    )


def test_a_task_that_the_runner_does_not_register_is_reported_with_both_places(workflow):
    registered = [Task(name, "v1.0", object=name) for name in ("flow.tasks:Named", "runner:Plain", "made.by:Code")]
    problems = unregistered_tasks(*workflow, registered)
    assert [str(problem.location) for problem in problems] == ["flow/tasks.py:22", "flow/tasks.py:28", "flow/tasks.py:32"]
    message = "the task class Computed is defined here, and the runner in runner.py:11 does not register it"
    assert problems[0].message == message


def test_check_lists_them(invoke, workflow):
    tree, _ = workflow
    shown = invoke("check", tree.root).stdout
    rows = [line.split() for line in shown.splitlines()]
    assert ["acme/Named", "v1.2", "flow.tasks:Named", "flow/tasks.py:16"] in rows
    assert ["(not", "a", "literal)", "flow.tasks:Computed", "flow/tasks.py:22"] in rows
    assert check_project(tree.root).warnings == []


def test_a_worker_command_has_no_tasks_in_its_source(small_project):
    config = '[workflow]\nslug = "a"\ncommand = ["uv", "run", "work"]\n\n[build]\ninclude = ["pyproject.toml", "uv.lock", "*.py"]\n'
    root = small_project({"tilebox.workflow.toml": config})
    loaded = load_config(root / "tilebox.workflow.toml")
    assert source_tasks(SourceTree(root), loaded) == unregistered_tasks(SourceTree(root), loaded, []) == ()
