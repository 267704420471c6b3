"""A repository with a workflow project, as a forge such as GitHub or GitLab has it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

PROJECT = "flows/scene qa"


def git(folder, *arguments):
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module", name="repository")
def flows_repository(tmp_path_factory, locked_project):
    """A repository with a workflow project in a folder."""
    folder = tmp_path_factory.mktemp("origin")
    shutil.copytree(locked_project("scene_qa"), folder / PROJECT)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "First")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return folder
