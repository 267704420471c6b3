"""The three forms in which SDKs submit subtasks, as protobuf's JSON form has them."""

from __future__ import annotations

import base64

from hatch_tilebox.local_run.submissions import Submission, progress_of, show_input, submissions_of


def encoded(text):
    return base64.b64encode(text).decode()


def test_groups():
    message = {
        "subTasks": {
            "taskGroups": [
                {
                    "inputs": [encoded(b"1"), ""],
                    "identifierPointers": ["0", "1"],
                    "clusterSlugPointers": ["0", "1"],
                    "displayPointers": ["0", "1"],
                    "maxRetriesValues": ["3", "0"],
                    "optionalValues": [True, False],
                },
                {
                    "dependenciesOnOtherGroups": [0],
                    "inputs": [encoded(b"2")],
                    "identifierPointers": ["1"],
                    "clusterSlugPointers": ["0"],
                    "displayPointers": ["1"],
                },
            ],
            "identifierLookup": [{"name": "A", "version": "v1.0"}, {"name": "B", "version": "v2.0"}],
            "clusterSlugLookup": ["local", "gpu"],
            "displayLookup": ["Class A", "Class B"],
        }
    }
    assert submissions_of(message) == [
        Submission("A", "v1.0", b"1", "Class A", (), 3, optional=True, cluster="local"),
        Submission("B", "v2.0", b"", "Class B", (), 0, optional=False, cluster="gpu"),
        Submission("B", "v2.0", b"2", "Class B", (0, 1), 0, optional=False, cluster="local"),
    ]


def test_lists_of_older_sdks():
    items = [
        {"identifier": {"name": "A", "version": "v1.0"}, "clusterSlug": "local", "display": "A"},
        {
            "identifier": {"name": "B", "version": "v1.0"},
            "input": encoded(b"{}"),
            "display": "B",
            "dependencies": ["0"],
            "maxRetries": "2",
        },
    ]
    expected = [Submission("A", "v1.0", b"", "A", cluster="local"), Submission("B", "v1.0", b"{}", "B", (0,), 2)]
    assert submissions_of({"subTasks": items}) == expected
    assert submissions_of({"legacySubTasks": items}) == expected


def test_nothing_submitted():
    assert submissions_of({}) == []
    assert submissions_of({"subTasks": {}}) == []


def test_progress():
    updates = [{"label": "tiles", "total": "4", "done": "3"}, {"total": "1"}]
    assert progress_of({"progressUpdates": updates}) == (("tiles", 3, 4), ("", 0, 1))


def test_inputs_are_shown_as_what_they_are():
    assert [show_input(data) for data in (b"", b"[1]", b"\x08\xff")] == [None, [1], "08ff"]
