"""`--all` with `--changed` and `--unpublished`: a command on some projects of a repository."""

from __future__ import annotations

import subprocess

import pytest
from git_commits import commit_all
from monorepo_lock import MONOREPO, lock
from output_schema import check_output

pytestmark = pytest.mark.needs_tool("git")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    root = tmp_path / "monorepo"
    root.mkdir()
    subprocess.run(["cp", "-r", f"{MONOREPO}/.", root], check=True)
    (root / "uv.lock").write_text(lock())
    commit_all(root)
    monkeypatch.chdir(root)
    return root


def edit(path):
    path.write_text(path.read_text() + "\n")


def checked(result):
    assert result.exit_code == 0, result.stderr
    return [project["path"] for project in check_output("all", result.stdout)["projects"]]


def test_only_changed_projects_are_checked(invoke, repository):
    assert checked(invoke("check", "--all", "--changed", "--json")) == []
    edit(repository / "packages/scenes/scenes/__init__.py")
    assert checked(invoke("check", "--all", "--changed", "HEAD", "--json")) == ["workflows/coverage"]
    assert checked(invoke("check", "workflows", "--all", "--changed", "--json")) == ["coverage"]


def test_nothing_has_changed(invoke, repository):
    result = invoke("check", "--all", "--changed")
    assert (result.exit_code, result.stdout) == (0, "no project is selected\n")


def test_a_changed_project_must_differ_from_all_others(invoke, repository):
    config = repository / "workflows/report/tilebox.workflow.toml"
    config.write_text(config.read_text().replace('"report"', '"coverage"'))
    result = invoke("check", "--all", "--changed")
    assert result.exit_code == 1
    assert "workflows/coverage and workflows/report have the same workflow slug 'coverage'" in result.stderr


def test_only_unpublished_projects_are_published(invoke, repository, tmp_path):
    """Nothing is built yet, so the checks of all of them fail, and nothing is sent."""
    result = invoke("publish", "--all", "--unpublished", "--to", tmp_path / "store", "--dry-run", "--json")
    projects = check_output("all", result.stdout)["projects"]
    assert [project["path"] for project in projects] == ["workflows/cleanup", "workflows/coverage", "workflows/report"]


@pytest.mark.parametrize("options", [["--changed"], ["--changed", "HEAD"]])
def test_only_with_all(invoke, repository, options):
    result = invoke("check", "workflows/report", *options)
    assert result.exit_code == 2
    assert "--changed is for --all" in result.stderr
    assert "--unpublished is for --all" in invoke("publish", "--unpublished").stderr
