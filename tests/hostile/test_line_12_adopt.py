"""`adopt` writes files that appear whole, and only files of the project."""

from __future__ import annotations

import os

import pytest
from shapes_support import in_process
from shown import flat

PYPROJECT = '[project]\nname = "flow"\nversion = "1"\ndependencies = ["tilebox"]\n'
RUNNER = "from tilebox.workflows import Runner\n\nrunner = Runner(tasks=[])\n"


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "runner.py").write_text(RUNNER)
    return root


def adopt(root):
    return in_process(["adopt", "--yes", root], {})


def test_a_file_with_the_name_of_a_temporary_one_stays(project):
    (project / ".pyproject.toml.tmp").write_text("mine")
    assert adopt(project)[0] == 0
    assert (project / ".pyproject.toml.tmp").read_text() == "mine"
    assert "hatch-tilebox" in (project / "pyproject.toml").read_text()
    assert sorted(path.name for path in project.iterdir()) == [
        ".pyproject.toml.tmp",
        "pyproject.toml",
        "runner.py",
        "tilebox.workflow.toml",
    ]


@pytest.mark.parametrize("name", [".pyproject.toml.tmp", ".tilebox.workflow.toml.tmp"])
def test_no_link_with_the_name_of_a_temporary_file_is_followed(name, project, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (project / name).symlink_to(victim)
    assert adopt(project)[0] == 0
    assert victim.read_text() == "mine"
    assert (project / name).is_symlink()


def test_a_link_that_leads_out_of_the_project_is_refused(project, tmp_path):
    victim = tmp_path / "victim.toml"
    (project / "pyproject.toml").rename(victim)
    (project / "pyproject.toml").symlink_to(victim)
    code, output = adopt(project)
    assert code == 1
    assert f"pyproject.toml: is a link to {victim}, outside the project\n" in flat(output)
    assert victim.read_text() == PYPROJECT


def test_a_link_that_leads_nowhere_creates_nothing(project, tmp_path):
    (project / "tilebox.workflow.toml").symlink_to(tmp_path / "victim")
    code, output = adopt(project)
    assert code == 1
    assert "tilebox.workflow.toml: is a link to a file that does not exist" in flat(output)
    assert not (tmp_path / "victim").exists()
    assert (project / "pyproject.toml").read_text() == PYPROJECT


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_nobody_may_write_to(project):
    project.chmod(0o500)
    try:
        code, output = adopt(project)
    finally:
        project.chmod(0o700)
    assert code == 1
    assert "pyproject.toml: cannot be written: Permission denied" in output
    assert (project / "pyproject.toml").read_text() == PYPROJECT
