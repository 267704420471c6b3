"""Which task of a release runs what was submitted."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.model import Task
from hatch_tilebox.core.task_versions import find_successor, parse_task_version

TASKS = (Task("a.com/x/Check", "v1.0"), Task("a.com/x/Check", "v1.10"), Task("a.com/x/Check", "v2.1"), Task("odd", "1.0"))


@pytest.mark.parametrize(
    ("version", "successor"),
    [("v1.0", TASKS[0]), ("v1.1", TASKS[1]), ("v1.11", None), ("v2.0", TASKS[2]), ("v3.0", None), ("1.0", None)],
)
def test_a_successor_has_the_same_major_version(version, successor):
    assert find_successor(TASKS, "a.com/x/Check", version) is successor


def test_a_successor_has_the_whole_name():
    assert find_successor(TASKS, "Check", "v1.0") is None


@pytest.mark.parametrize("text", ["1.0", "v1", "v1.0.0", "v-1.0", "v1.٣", "v1.0\n", "v1234567890.0", ""])
def test_other_forms_are_not_versions(text):
    assert parse_task_version(text) is None
