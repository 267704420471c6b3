"""`--output-format github` and `gitlab`: errors and warnings at the lines of a pull request."""

from __future__ import annotations

import json
import re

import pytest

from hatch_tilebox.cli.annotations import show_annotations
from hatch_tilebox.core.errors import Location, Problem


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch):
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


def spoil(project):
    config = project / "tilebox.workflow.toml"
    config.write_text(config.read_text().replace("include", "inclde"))
    return config.read_text().splitlines().index(next(line for line in config.read_text().splitlines() if "inclde" in line)) + 1


@pytest.mark.parametrize("command", ["check", "build"])
def test_github(invoke, small_project, monkeypatch, tmp_path, command):
    project = small_project()
    line = spoil(project)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    result = invoke(command, project, "--output-format", "github")
    assert result.exit_code == 1
    assert result.stdout == (
        f"::error file=project/tilebox.workflow.toml,line={line},col=1,title=TBX012::"
        'unknown key "inclde"%0Ahelp: did you mean "include"?\n'
    )


@pytest.mark.parametrize("command", ["check", "build"])
def test_gitlab(invoke, small_project, monkeypatch, tmp_path, command):
    project = small_project()
    line = spoil(project)
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path))
    (finding,) = json.loads(invoke(command, project, "--output-format", "gitlab").stdout)
    assert re.fullmatch("[0-9a-f]{64}", finding.pop("fingerprint"))
    assert finding == {
        "description": 'unknown key "inclde"; did you mean "include"?',
        "check_name": "TBX012",
        "severity": "major",
        "location": {"path": "project/tilebox.workflow.toml", "lines": {"begin": line}},
    }


def test_without_problems(invoke, small_project):
    project = small_project()
    assert invoke("check", project, "--output-format", "github").stdout == ""
    assert json.loads(invoke("check", project, "--output-format", "gitlab").stdout) == []


def test_json_is_a_short_form(invoke, small_project):
    project = small_project()
    spoil(project)
    assert invoke("check", project, "--json").stdout == invoke("check", project, "--output-format", "json").stdout


def test_nothing_in_a_problem_can_end_or_add_a_command(capsys):
    hostile = "a%0A\n::error::b\r\x1b[31m,c:d"
    show_annotations("github", [Problem(hostile, hostile, Location(hostile, 3, 1), code="TBX010")], [])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    head, _, text = lines[0].removeprefix("::error ").partition("::")
    assert set(re.sub("%[0-9A-F]{2}", "", head)) & set("%\r\n") == set()
    assert head.count(",") == head.count("=") - 1 == 3
    assert "%" not in re.sub("%(25|0A|0D)", "", text)
    assert "\x1b" not in lines[0]


def test_fingerprints_are_stable_and_differ(capsys):
    def report(*problems):
        show_annotations("gitlab", problems, [])
        return [finding["fingerprint"] for finding in json.loads(capsys.readouterr().out)]

    one, moved = (Problem("m", location=Location("a.toml", line, 1), code="TBX010") for line in (1, 9))
    assert report(one) == report(moved)
    assert len({*report(one, moved, Problem("m", location=Location("b.toml"), code="TBX010"), Problem("n", code="TBX010"))}) == 4
