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


def test_releases_lists_the_latest_and_says_how_many_there_are(invoke, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        tree, dist = tmp_path / f"tree{number}", tmp_path / f"dist{number}"
        tree.mkdir()
        dist.mkdir()
        assert invoke("publish", write_release(tree, dist, version=f"1.{number}.0"), "--to", "./store").exit_code == 0
    versions = {}
    for limit in ("2", "0", "3"):
        result = invoke("releases", "store", "--limit", limit, "--json")
        report = check_output("releases", result.stdout)
        assert report["total"] == 3
        assert "has 3 releases" in result.stderr
        assert ("the latest 2 are listed; --limit 0 lists all" in result.stderr) == (limit == "2")
        versions[limit] = [release["version"] for release in report["releases"]]
    assert versions == {"2": ["1.2.0", "1.1.0"], "0": ["1.2.0", "1.1.0", "1.0.0"], "3": ["1.2.0", "1.1.0", "1.0.0"]}
    assert len(invoke("releases", "store", "--limit", "1").stdout.splitlines()) == 2


def test_diff(invoke, release, tmp_path):
    result = invoke("diff", release, release, "--text", "--json")
    assert check_output("diff", result.stdout)["verdict"] == "identical"
    (tmp_path / "other").mkdir()
    other = write_release(tmp_path / "tree", tmp_path / "other", tasks=(GREET_TWICE,), content=b"print('twice')\n")
    result = invoke("diff", release, other, "--text", "--json")
    report = check_output("diff", result.stdout)
    assert (result.exit_code, report["verdict"]) == (3, "breaking")
    assert any(file["diff"] for file in report["files"])
