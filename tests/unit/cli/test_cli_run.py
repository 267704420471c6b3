"""`hatch-tilebox run` and its siblings: the file, the task and the fields among the arguments."""

from __future__ import annotations

import pytest
from hand_made_releases import GREET, write_release

from hatch_tilebox.core.model import Task

POINT = {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}


@pytest.fixture
def release(tmp_path):
    (tmp_path / "tree").mkdir()
    return write_release(tmp_path / "tree", tmp_path, tasks=(GREET, Task("tests.Move", "v1.1", POINT), Task("tests.Movie", "v1.0")))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["mov", "y=1"], 1, "several tasks have 'mov' in their names"),
        (["tests.Move", "y=1"], 1, "tests.Move v1.1 has no field 'y'"),
        (["y=1", "--task", "Move"], 1, "tests.Move v1.1 has no field 'y'"),
        (["Move", "x=far"], 1, 'x: expected number, got "far"'),
        (["Move", "x=\udcff"], 1, "the input is not UTF-8 text"),
        (["Greet", "--input", "\udcff"], 1, "the input is not UTF-8 text"),
        (["nothing"], 1, "the release has no task 'nothing'"),
        (["Move", "Greet"], 2, "'Greet' is not FIELD=VALUE, and the task is 'Move'"),
        (["Move", "--task", "Greet"], 2, "the task is named twice"),
        (["Move", "x=1", "--input", "{}"], 2, "'x=1' cannot be used together with --input"),
        (["other.tbrelease"], 2, "the file 'other.tbrelease' does not exist"),
    ],
)
def test_mistakes_in_arguments(invoke, release, words, code, message):
    named = [] if words[0].endswith(".tbrelease") else [release]
    result = invoke("run", *named, *words)
    assert result.exit_code == code
    assert message in result.stderr


def test_the_file_may_be_anywhere(invoke, release):
    result = invoke("run", "Move", "y=1", release)
    assert "tests.Move v1.1 has no field 'y'" in result.stderr


@pytest.mark.parametrize("command", ["run", "verify", "inspect", "extract", "diff"])
def test_without_file_and_project(invoke, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    result = invoke(command)
    assert result.exit_code == 1
    assert "no tilebox.workflow.toml in" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--watch"], "--watch runs the project"), (["--watch", "--json"], "--watch and --json cannot be used together")],
)
def test_what_cannot_be_watched(invoke, release, options, message):
    named = [release] if "--json" not in options else []
    result = invoke("run", *named, *options)
    assert result.exit_code == 2
    assert message in result.stderr
