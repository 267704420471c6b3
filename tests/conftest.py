"""Shared fixtures: the wheel of this checkout, locked copies of the test projects, and a clean environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest_tools import needs_tool
from filelock import FileLock

ROOT = Path(__file__).parent.parent
PROJECTS = ROOT / "test_projects"
PACKAGED = {"src_layout"}
"""Test projects with hatch-tilebox among the requirements of a build that release runners do."""


@pytest.fixture(autouse=True)
def _tools(request):
    """`@pytest.mark.needs_tool("zstd", …)` names programs that a test calls."""
    for mark in request.node.iter_markers("needs_tool"):
        needs_tool(*mark.args)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id):
    """A folder of this test run, the same one for all of its processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _state_folder(shared):
    """Notes of this machine go to a folder of this test run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HATCH_TILEBOX_STATE_DIR", str(shared / "state"))
        yield


@pytest.fixture(scope="session")
def wheelhouse(shared):
    """A folder with the wheel of this checkout."""
    folder = shared / "wheelhouse"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            staged = shared / "wheelhouse.tmp"
            subprocess.run(
                [sys.executable, "-m", "build", "--wheel", "--installer", "uv", "--outdir", staged, ROOT],
                check=True,
                capture_output=True,
            )
            staged.rename(folder)
    return folder


@pytest.fixture(scope="session")
def clean_env(shared):
    """The environment of a user's shell: tools on PATH, nothing of this test run, caches of their own."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HATCH_", "PYTEST_", "PYTHON", "VIRTUAL_ENV", "COV_")) and name not in {"UV", "CI", "NO_COLOR"}
    }
    scripts = str(Path(sys.executable).parent)
    env["PATH"] = os.pathsep.join([scripts, *env["PATH"].split(os.pathsep)])
    env["HATCH_TILEBOX_CACHE_DIR"] = str(shared / "cache")
    env["HATCH_TILEBOX_STATE_DIR"] = str(shared / "state")
    env["HATCH_DATA_DIR"] = str(shared / "hatch")
    return env


@pytest.fixture(scope="session")
def frontend_env(clean_env, wheelhouse):
    """`clean_env` in which isolated builds find the wheel of this checkout."""
    links = [str(wheelhouse), *clean_env.get("PIP_FIND_LINKS", "").split()]
    return {**clean_env, "PIP_FIND_LINKS": " ".join(links), "UV_FIND_LINKS": ",".join(links)}


def carry_our_wheel(folder, wheelhouse):
    """Add the wheel of this checkout to the project in `folder`, because no index has it."""
    shutil.copytree(wheelhouse, folder / "wheels")
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.uv]\nfind-links = ["wheels"]\n')
    config = folder / "tilebox.workflow.toml"
    config.write_text(config.read_text().replace("include = [", 'include = ["wheels/*.whl", '))


@pytest.fixture(scope="session")
def locked_project(request, shared, clean_env):
    """A function from the name of a test project to a locked copy of it that nobody may change."""

    def lock(name: str) -> Path:
        folder = shared / "projects" / name
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(shared / f"{name.replace('/', '-')}.lock"):
            if not folder.exists():
                staged = shared / "locking" / name
                shutil.copytree(PROJECTS / name, staged)
                if name in PACKAGED:
                    carry_our_wheel(staged, request.getfixturevalue("wheelhouse"))
                subprocess.run(["uv", "lock", "--quiet"], cwd=staged, env=clean_env, check=True)
                folder.parent.mkdir(parents=True, exist_ok=True)
                staged.rename(folder)
        return folder

    return lock


@pytest.fixture
def project(tmp_path, locked_project):
    """A function from the name of a test project to a locked copy of its own."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(locked_project(name), tmp_path / name.replace("/", "-")))

    return copy


@pytest.fixture
def make_release(tmp_path_factory):
    """A function that writes a release of a small project and gives the path of its archive."""
    from hand_made_releases import write_release

    def make(**options):
        return write_release(tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist"), **options)

    return make
