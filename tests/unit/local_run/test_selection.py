"""The task that a user selects."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.errors import RunError
from hatch_tilebox.core.model import Task
from hatch_tilebox.local_run.selection import find_task

TASKS = (
    Task("a.com/x/Check", "v1.0"),
    Task("a.com/x/Check", "v1.10"),
    Task("a.com/x/Check", "v2.1"),
    Task("a.com/x/Fetch", "v0.1"),
    Task("a.com/y/Fetch", "v0.1"),
    Task("Plain", "v0.0"),
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("a.com/x/Check", TASKS[2]),
        ("Check", TASKS[2]),
        ("Check@v1.10", TASKS[1]),
        ("Check@1.0", TASKS[0]),
        ("a.com/y/Fetch", TASKS[4]),
        ("Plain", TASKS[5]),
    ],
)
def test_names_and_versions(wanted, found):
    assert find_task(TASKS, wanted) is found


def test_the_only_task_needs_no_name():
    assert find_task(TASKS[:1], None) is TASKS[0]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (None, "the release has 6 tasks: name one with --task\n  hint: it has\n    a.com/x/Check@v1.0"),
        ("Fetch", "several tasks have 'Fetch' in their names\n  hint: it has\n    a.com/x/Fetch@v0.1\n    a.com/y/Fetch@v0.1"),
        ("Chekc", "no task 'Chekc'\n  hint: did you mean a.com/x/Check?"),
        ("Check@v3.0", "no task 'Check@v3.0'\n  hint: it has\n"),
        ("zzz", "no task 'zzz'\n  hint: it has\n"),
    ],
)
def test_no_such_task(wanted, message):
    with pytest.raises(RunError) as caught:
        find_task(TASKS, wanted)
    assert message in str(caught.value)
