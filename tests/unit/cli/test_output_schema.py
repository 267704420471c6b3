"""The JSON output matches the documented schema; here for commands on archives and a store."""

from __future__ import annotations

import jsonschema
import pytest
from hand_made_releases import write_release
from output_schema import SCHEMA, check_output

from hatch_tilebox.cli.group_help import COMMANDS
from hatch_tilebox.core.model import Task

GREET_TWICE = Task("tests.Greet", "v1.0", {"type": "integer"})


@pytest.fixture
def release(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "dist").mkdir()
    return write_release(tmp_path / "tree", tmp_path / "dist")


def test_the_schema_itself_is_good_and_knows_every_command():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(COMMANDS) - set(SCHEMA["$defs"]) == {"schema"}


@pytest.mark.parametrize(
    ("command", "options"),
    [("inspect", []), ("verify", ["--no-run"]), ("extract", ["--to", "unpacked"]), ("publish", ["--to", "./store", "--dry-run"])],
)
def test_commands_on_an_archive(invoke, release, tmp_path, monkeypatch, command, options):
    monkeypatch.chdir(tmp_path)
    result = invoke(command, release, *options, "--json")
    assert result.exit_code == 0, result.stderr
    check_output(command, result.stdout)


def test_commands_on_a_store(invoke, release, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    published = check_output("publish", invoke("publish", release, "--to", "./store", "--json").stdout)
    (listed,) = check_output("releases", invoke("releases", "store", "--json").stdout)["releases"]
    assert listed["id"] == published["id"]
    fetched = check_output("fetch", invoke("fetch", "./store", "--to", "downloads", "--json").stdout)
    assert fetched["digest"] == published["digest"]


def test_diff(invoke, release, tmp_path):
    result = invoke("diff", release, release, "--text", "--json")
    assert check_output("diff", result.stdout)["verdict"] == "identical"
    (tmp_path / "other").mkdir()
    other = write_release(tmp_path / "tree", tmp_path / "other", tasks=(GREET_TWICE,), content=b"print('twice')\n")
    result = invoke("diff", release, other, "--text", "--json")
    report = check_output("diff", result.stdout)
    assert (result.exit_code, report["verdict"]) == (3, "breaking")
    assert any(file["diff"] for file in report["files"])
