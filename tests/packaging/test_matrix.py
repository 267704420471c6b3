"""The same tree has the same digest in every build."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from git_commits import commit_all, git

pytestmark = pytest.mark.frontends

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
ENVIRONMENTS = {
    "umask": ({}, {"umask": 0o077}),
    "locale and time zone": ({"LC_ALL": "C", "LANG": "C", "TZ": "Asia/Tokyo"}, {}),
    "hash seed": ({"PYTHONHASHSEED": "4711"}, {}),
    "source date": ({"SOURCE_DATE_EPOCH": "1000000000"}, {}),
    "no cache": ({"HATCH_TILEBOX_CACHE": "false"}, {}),
}
COMMANDS = {
    "hatch build -t tilebox": ["hatch", "build", "-t", "tilebox"],
    "hatch build": ["hatch", "build"],
    "uv build": ["uv", "build"],
    "uv build --wheel": ["uv", "build", "--wheel"],
    "python -m build": [sys.executable, "-m", "build", "--installer", "uv"],
    "python -m build --wheel": [sys.executable, "-m", "build", "--installer", "uv", "--wheel"],
    "hatch-tilebox build": ["hatch-tilebox", "build"],
}


def digest(folder, command, env, **options):
    shutil.rmtree(folder / "dist", ignore_errors=True)
    result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    (release,) = (folder / "dist").glob("*.tbrelease")
    return hashlib.sha256(release.read_bytes()).hexdigest()


def compare(digests):
    for name, value in digests.items():
        print(f"{value}  {name}")
    assert len(set(digests.values())) == 1


def test_frontends(project, frontend_env):
    folder = project("scene_qa")
    compare({name: digest(folder, command, frontend_env) for name, command in COMMANDS.items()})


def test_interpreters(project, frontend_env):
    """Every Python on PATH builds the release and starts the workflow."""
    folder = project("scene_qa")
    digests = {}
    for version in VERSIONS:
        env = {**frontend_env, "UV_PYTHON": version, "UV_PYTHON_DOWNLOADS": "never"}
        if subprocess.run(["uv", "python", "find", version], env=env, check=False, capture_output=True).returncode == 0:
            digests[f"Python {version}"] = digest(folder, ["uv", "build", "--wheel"], env)
    assert digests
    compare(digests)


def test_circumstances(project, frontend_env):
    folder = project("scene_qa")
    command = ["uv", "build", "--wheel"]
    digests = {"as it is": digest(folder, command, frontend_env)}
    for name, (variables, options) in ENVIRONMENTS.items():
        digests[name] = digest(folder, command, {**frontend_env, **variables}, **options)
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    digests["old files"] = digest(folder, command, frontend_env)
    compare(digests)


def test_git_checkout(project, frontend_env, tmp_path):
    """A clone elsewhere, its files created in another order, with git's conversion of line ends off."""
    folder = project("scene_qa")
    commit_all(folder)
    clone = tmp_path / "deeper" / "clone"
    git(tmp_path, "clone", "-q", folder, clone)
    command = ["uv", "build", "--wheel"]
    compare({"tree": digest(folder, command, frontend_env), "clone": digest(clone, command, frontend_env)})


def test_command_line_reports_the_digest_of_the_file(project, frontend_env):
    folder = project("scene_qa")
    command = ["hatch-tilebox", "build", "--json"]
    output = subprocess.run(command, cwd=folder, env=frontend_env, capture_output=True, text=True, check=True).stdout
    assert json.loads(output)["digest"] == digest(folder, ["uv", "build", "--wheel"], frontend_env)
