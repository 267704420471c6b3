"""`hatch-tilebox projects`: the projects of a repository, for people, shells and CI."""

from __future__ import annotations

import pytest
from git_commits import commit_all, git
from hand_made_releases import write_release
from output_schema import check_output

pytestmark = pytest.mark.needs_tool("git")

WORKFLOW = """\
[workflow]
slug = "{slug}"
runner = "scene_qa.runner:runner"

[build]
include = ["pyproject.toml", "scene_qa/**"]
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with two projects, whose releases are published to the folder `store`."""
    root = tmp_path / "repository"
    (tmp_path / "dist").mkdir()
    for name in ("b", "a"):
        write_release(root / name, tmp_path / "dist", slug=name, name=name)
        (root / name / "tilebox.workflow.toml").write_text(WORKFLOW.format(slug=name))
    commit_all(root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def store(repository, invoke, tmp_path):
    for archive in (tmp_path / "dist").iterdir():
        assert invoke("publish", archive, "--to", tmp_path / "store", "--stale").exit_code == 0
    return tmp_path / "store"


def edit(root, name):
    (root / name / "scene_qa" / "runner.py").write_text("edited\n")


def test_all_projects_one_per_line(invoke, repository):
    assert invoke("projects").stdout == "a\nb\n"
    assert invoke("projects", "a").stdout == "a\n"
    assert invoke("-C", "a", "projects", "..").stdout == ".\n../b\n"


def test_changed_projects(invoke, repository):
    result = invoke("projects", "--changed")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 of 2 differ from " in result.stderr
    edit(repository, "b")
    assert invoke("projects", "--changed", "-q").stdout == "b\n"
    assert invoke("projects", ".", "--changed", "HEAD", "-v").stdout == "b  changed: scene_qa/runner.py\n"


def test_removed_projects_are_reported(invoke, repository):
    git(repository, "rm", "-q", "-r", "b")
    result = invoke("projects", "--changed")
    assert result.stdout == ""
    assert "warning[TBX024]: the project b was removed" in result.stderr


def test_json(invoke, repository):
    listed = check_output("projects", invoke("projects", "--json").stdout)
    assert [project["path"] for project in listed["projects"]] == ["a", "b"]
    assert [project["workflow"] for project in listed["projects"]] == ["a", "b"]
    assert (listed["base"], listed["removed"]) == (None, [])
    edit(repository, "b")
    (repository / "a" / "tilebox.workflow.toml").write_text("[")
    (repository / "c").mkdir()
    listed = check_output("projects", invoke("projects", "--changed", "--json").stdout)
    assert len(listed["base"]) == 40
    assert [(project["path"], project["workflow"]) for project in listed["projects"]] == [("a", None), ("b", "b")]
    assert listed["projects"][1]["reasons"] == ["changed: scene_qa/runner.py"]


def test_unpublished_projects(invoke, repository, store, tmp_path):
    assert invoke("projects", "--unpublished", "--to", store).stdout == ""
    edit(repository, "b")
    assert invoke("projects", "--unpublished", "--to", store, "-v").stdout == "b  changed: scene_qa/runner.py\n"
    empty = check_output("projects", invoke("projects", "--unpublished", "--to", f"{tmp_path}/empty", "--json").stdout)
    assert [project["reasons"] for project in empty["projects"]] == [["not published yet"]] * 2


def test_a_project_that_cannot_be_read_is_unpublished(invoke, repository, store):
    (repository / "a" / "tilebox.workflow.toml").write_text("[")
    result = invoke("projects", "--unpublished", "--to", store, "-v")
    assert result.stdout.startswith("a  cannot be read: not valid TOML")


def test_wrong_use(invoke, repository, tmp_path):
    result = invoke("projects", "--changed", "a")
    assert result.exit_code == 1
    assert "git has no commit 'a' here" in result.stderr
    assert "write a folder before --changed" in result.stderr
    result = invoke("projects", "--changed", "HEAD", "--unpublished")
    assert result.exit_code == 2
    assert "cannot be used together" in result.stderr
    assert invoke("projects", "--unpublished").exit_code == 1
    result = invoke("projects", tmp_path / "dist", "--changed")
    assert (result.exit_code, "no tilebox.workflow.toml in" in result.stderr) == (1, True)
