"""In a folder without a project, every command that needs one proposes `init` or `adopt`."""

from __future__ import annotations

import subprocess

import pytest

from hatch_tilebox.cli.group_help import COMMANDS

NEED_A_PROJECT = (
    "build",
    "build --all",
    "build --all --changed",
    "check",
    "check --all",
    "check --fix",
    "clusters",
    "deploy --all",
    "deploy --latest",
    "deploy --target staging",
    "diff",
    "extract",
    "fetch",
    "files",
    "inspect",
    "projects",
    "promote --from a --to b",
    "publish",
    "publish --all",
    "publish --all --unpublished",
    "publish --to store",
    "releases",
    "rollback",
    "run",
    "run Task field=1",
    "undeploy --latest",
    "unpublish --latest",
    "verify",
    "verify --all",
)
NEED_NONE = {"init", "adopt", "report", "sign", "cache", "completion", "explain", "schema"}
"""`report` needs a file, `adopt` a pyproject.toml, and `sign` an extra first."""


def test_every_command_is_here():
    assert {line.split()[0] for line in NEED_A_PROJECT} | NEED_NONE == set(COMMANDS)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    folder = tmp_path / "empty"
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    monkeypatch.chdir(folder)
    for name in ("HATCH_TILEBOX_PUBLISH_TO", "HATCH_TILEBOX_CONFIG", "HATCH_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize("line", NEED_A_PROJECT)
def test_an_empty_folder(invoke, empty, line):
    result = invoke(*line.split())
    assert (result.exit_code, result.stdout) in {(1, ""), (2, "")}
    assert result.stderr.count("create a project: hatch-tilebox init; or add") == 1
    assert "hatch-tilebox adopt" in result.stderr


@pytest.mark.parametrize("line", [line for line in NEED_A_PROJECT if "--changed" not in line])
def test_a_project_without_hatch_tilebox(invoke, empty, line):
    (empty / "pyproject.toml").write_text('[project]\nname = "plain"\nversion = "1.0"\n')
    result = invoke(*line.split())
    assert (result.exit_code, result.stdout) in {(1, ""), (2, "")}
    assert result.stderr.count("add hatch-tilebox to this project: hatch-tilebox adopt") == 1
    assert "hatch-tilebox init" not in result.stderr


def test_another_folder_is_named(invoke, empty):
    (empty / "my flows").mkdir()
    assert "hatch-tilebox init 'my flows';" in invoke("check", "my flows").stderr
    assert "hatch-tilebox init;" in invoke("-C", "my flows", "check").stderr


def test_adopt_says_how_to_begin(invoke, empty):
    result = invoke("adopt")
    assert result.exit_code == 1
    assert "create a project: hatch-tilebox init" in result.stderr
