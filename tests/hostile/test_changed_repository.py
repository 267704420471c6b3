"""`--changed` reads commits and configuration of others: nothing of them is executed or leads out of the repository."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from git_commits import git
from monorepo_lock import MONOREPO, lock

from hatch_tilebox.cli.app import app
from hatch_tilebox.project.changed import find_changes

pytestmark = pytest.mark.needs_tool("git")


class Repository:
    def __init__(self, root):
        self.root = root

    def git(self, *arguments, given=None):
        return git(self.root, *arguments, given=given)

    def blob(self, content):
        return self.git("hash-object", "-w", "--stdin", given=content)

    def tree(self, *entries):
        """Write a tree as it is given, with names that git would refuse."""
        parts = [f"{mode} {name}".encode() + b"\0" + bytes.fromhex(identifier) for mode, name, identifier in entries]
        return self.git("hash-object", "-w", "--literally", "-t", "tree", "--stdin", given=b"".join(parts))

    def commit(self, tree):
        return self.git("commit-tree", "-m", "hostile", tree)

    def changed(self, ref="HEAD"):
        return [path.name for path in find_changes(self.root, ref).changed]


@pytest.fixture
def repository(tmp_path):
    found = Repository(Path(shutil.copytree(MONOREPO, tmp_path / "repository")).resolve())
    (found.root / "uv.lock").write_text(lock())
    found.git("init", "-q", "-b", "main")
    found.git("add", "-A")
    found.git("commit", "-q", "-m", "one")
    return found


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, which a hostile commit could write to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize("name", ["..", ".", ".git", "../../escaped.toml", "/escaped.toml"])
def test_names_that_lead_out_of_a_commit(repository, temporary, tmp_path, name):
    blob = repository.blob(b"[workflow]\n")
    inner = repository.tree(("100644", "escaped.toml", blob), ("100644", "tilebox.workflow.toml", blob))
    mode, identifier = ("100644", blob) if name.endswith(".toml") else ("40000", inner)
    commit = repository.commit(repository.tree((mode, name, identifier)))
    assert repository.changed(commit) == ["cleanup", "coverage", "report"]
    assert not list(temporary.iterdir())
    assert not list(tmp_path.rglob("escaped.toml"))


def test_nothing_is_written_through_a_link_of_a_commit(repository, temporary, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = repository.blob(str(outside).encode())
    inner = repository.tree(("100644", "tilebox.workflow.toml", repository.blob(b"[workflow]\n")))
    commit = repository.commit(repository.tree(("120000", "a", link), ("40000", "a", inner)))
    assert repository.changed(commit) == ["cleanup", "coverage", "report"]
    assert not list(outside.iterdir())


def test_the_configuration_of_the_repository_starts_no_program(repository, tmp_path):
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    for key in ("diff.external", "core.fsmonitor", "core.pager", "pager.diff", "diff.python.textconv"):
        repository.git("config", key, str(program))
    (repository.root / ".gitattributes").write_text("*.py diff=python\n")
    with (repository.root / "workflows/report/runner.py").open("a") as file:
        file.write("\n")
    assert repository.changed() == ["report"]
    assert not (tmp_path / "started").exists()


def test_a_lock_names_a_folder_outside(repository):
    """The whole machine is not searched for the files of a package."""
    away = os.path.relpath("/", repository.root)
    edited = lock().replace('editable = "packages/grids"', f'editable = "{away}"')
    (repository.root / "uv.lock").write_text(edited)
    assert repository.changed() == ["cleanup", "coverage"]


def test_names_with_control_characters_are_shown_as_escapes(repository, monkeypatch):
    (repository.root / "workflows/report/\x1b[2Jrunner2.py").write_text("")
    monkeypatch.chdir(repository.root)
    shown = CliRunner().invoke(app, ["projects", "--changed", "HEAD", "-v"])
    assert "\x1b" not in shown.output
    assert "report" in shown.stdout
