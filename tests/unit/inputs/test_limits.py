"""What the Tilebox API would refuse."""

from __future__ import annotations

import json

from hatch_tilebox.core.model import Task
from hatch_tilebox.inputs.limits import MAX_INPUT, default_warnings, input_problem


def test_the_limit_itself_is_accepted():
    assert input_problem("a v1.0", b"x" * MAX_INPUT) is None


def test_task_largest_field_and_sizes_are_named():
    data = json.dumps({"a": 1, "names": "x" * 3000}).encode()
    problem = input_problem("a v1.0", data)
    assert problem.message == (
        f"the input of a v1.0 has {len(data):,} bytes, but Tilebox accepts at most 2,048; its largest field 'names' has 3,002"
    )
    assert "job cache" in problem.hint


def test_an_input_that_is_not_an_object():
    assert "3,000 bytes" in input_problem("a v1.0", b"\xff" * 3000).message
    assert "3,002 bytes" in input_problem("a v1.0", json.dumps("x" * 3000).encode()).message


def test_large_defaults():
    def task(default):
        return Task("a", "v1.0", {"type": "object", "properties": {"bands": {"default": default}, "x": {"type": "null"}}})

    assert default_warnings([task("x"), Task("b", "v1.0"), Task("c", "v1.0", {"type": "string", "default": "x"})]) == []
    (warning,) = default_warnings([task(["B01"] * 500)])
    assert "the input of a v1.0 with its default values has 3,0" in warning.message
    assert "largest field 'bands'" in warning.message
