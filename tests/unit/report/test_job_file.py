"""Results of runs, read from files."""

from __future__ import annotations

import json
import os

import pytest
from report_samples import job, job_task

from hatch_tilebox.core.errors import RunError
from hatch_tilebox.report.job_file import read_job


def read(tmp_path, value):
    path = tmp_path / "job.json"
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return read_job(path)


def test_tasks_know_their_depth(tmp_path):
    found = read(tmp_path, job())
    assert [(task.display, task.depth) for task in found.tasks] == [
        ("Check", 0),
        ("CheckScene", 1),
        ("CheckScene", 1),
        ("Report", 1),
        ("Archive", 2),
    ]


def test_parents_that_are_missing_or_in_a_circle(tmp_path):
    tasks = [job_task(1, "A", parent="0000-2"), job_task(2, "B", parent="0000-1"), job_task(3, "C", parent="0000-3")]
    assert [task.depth for task in read(tmp_path, {"state": "failed", "tasks": tasks}).tasks] == [0, 1, 0]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"{", "is not the result of a run: "),
        (b"\xff", "is not the result of a run: it is not UTF-8 text"),
        ([], "is not the result of a run: "),
        ({"state": "completed"}, "'tasks' is a required property"),
        ({"state": "done", "tasks": []}, "state: 'done' is not one of"),
        ({"state": "failed", "tasks": [job_task(1, "A", spans=[3])]}, "tasks[0].spans[0]: 3 is not of type 'object'"),
        ({"state": "failed", "tasks": ["x" * 9999]}, "tasks[0]: 'xxxx"),
    ],
    ids=["cut off", "no text", "array", "other object", "state", "span", "long"],
)
def test_other_files_are_refused(tmp_path, value, message):
    with pytest.raises(RunError) as caught:
        read(tmp_path, value)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert len(problem.message) < 400
    assert "hatch-tilebox run FILE --json > job.json" in problem.hint


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "job.json")
    with pytest.raises(RunError, match="it is a pipe or a socket, not a file"):
        read_job(tmp_path / "job.json")
