"""The text of an error, with any content."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.errors import Location, Problem, TileboxError


def test_lines_and_places():
    problem = Problem("no such key", "add it\nor remove it", Location("a.toml", 2, 3), "one\n\ntwo\n")
    assert str(problem) == "a.toml:2:3: no such key\n  | one\n  |\n  | two\n  hint: add it\n  or remove it"


@pytest.mark.parametrize("field", ["message", "hint", "details"])
def test_nothing_from_outside_controls_a_terminal(field):
    text = str(Problem(**{"message": "m", field: "a\x1b[31m\nb\u202ec\x85"}, location=Location("x\r\ny\udcff", 1)))
    assert text.isprintable() or "\n  " in text
    assert text.startswith(r"x\r\ny\udcff:1: ")
    assert r"a\x1b[31m" in text
    assert r"b\u202ec\x85" in text
    assert not set(text) & set("\x1b\r\x85\u202e\udcff")


def test_a_name_in_a_message_forges_no_line():
    error = TileboxError(Problem("no file x\nerror: y"), "two")
    assert str(error) == "no file x\\nerror: y\ntwo"
    assert error.problems[0].message == "no file x\nerror: y"
