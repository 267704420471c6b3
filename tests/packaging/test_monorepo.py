"""Workflows in a uv workspace: each release carries the shared packages that it needs, and starts without the workspace."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from programs import run

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.publish.store import ReleaseStore

pytestmark = pytest.mark.frontends

ROOT = Path(__file__).parents[2] / "test_projects" / "monorepo"
VENDORED = {"coverage": {"grids": "0.7.0", "scenes": "1.4.0"}, "cleanup": {"grids": "0.7.0"}, "report": {}}
COMMANDS = {
    "hatch": ["hatch", "build", "-t", "tilebox"],
    "uv": ["uv", "build"],
    "uv, wheel alone": ["uv", "build", "--wheel"],
    "build": [sys.executable, "-m", "build", "--installer", "uv"],
    "hatch-tilebox": ["hatch-tilebox", "build"],
}


@pytest.fixture(scope="session")
def locked(shared, clean_env):
    """The repository with its lock."""
    folder = shared / "monorepo"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            staged = Path(shutil.copytree(ROOT, shared / "monorepo.tmp"))
            run(["uv", "lock", "--quiet"], staged, clean_env)
            staged.rename(folder)
    return folder


@pytest.fixture
def monorepo(locked, tmp_path):
    """A copy of the locked repository."""
    return Path(shutil.copytree(locked, tmp_path / "monorepo"))


@pytest.fixture(scope="session")
def releases(locked, shared, frontend_env):
    """The release of each workflow, built by our command line in a copy of the repository."""
    folder = shared / "monorepo-built"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            staged = Path(shutil.copytree(locked, shared / "monorepo-built.tmp"))
            for name in VENDORED:
                run(["hatch-tilebox", "build"], staged / "workflows" / name, frontend_env)
            staged.rename(folder)
    return {name: folder / f"workflows/{name}/dist/{name}-0.1.0.tbrelease" for name in VENDORED}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("frontend", "name"),
    [*((frontend, "coverage") for frontend in COMMANDS if frontend != "hatch-tilebox"), ("uv", "cleanup"), ("uv", "report")],
)
def test_every_frontend_emits_one_release(frontend, name, monorepo, frontend_env, releases):
    """Also `uv build` and `python -m build`, which build the wheel from an sdist, without the workspace around it."""
    folder = monorepo / "workflows" / name
    run(COMMANDS[frontend], folder, frontend_env)
    place = monorepo if frontend.startswith("uv") else folder  # uv writes into the root of a workspace
    assert digest(place / f"dist/{name}-0.1.0.tbrelease") == digest(releases[name])
    assert not list(monorepo.glob("packages/*/*.egg-info"))
    assert not list(monorepo.glob("packages/*/build"))


@pytest.mark.parametrize("name", VENDORED)
def test_release_says_what_it_carries(name, releases, tmp_path):
    extract_archive(releases[name], tmp_path / "release")
    manifest, _ = check_archive(releases[name])
    paths = {file.path for file in manifest.files}
    about = manifest.extensions["hatch-tilebox"]
    assert {package["name"]: package["version"] for package in about["vendored"]} == VENDORED[name]
    assert all(package["path"] == f"../../packages/{package['name']}" for package in about["vendored"])
    wheels = {package["wheel"] for package in about["vendored"]}
    assert set(about["generated"]) == {"pyproject.toml", "uv.lock", *wheels}
    assert paths == {"pyproject.toml", "uv.lock", "runner.py", *wheels}
    lock = (tmp_path / "release/uv.lock").read_text()
    assert "editable" not in lock
    assert "../" not in lock
    assert "workspace" not in (tmp_path / "release/pyproject.toml").read_text()
    assert 'constraint-dependencies = ["protobuf>=4"' in (tmp_path / "release/pyproject.toml").read_text()


@pytest.mark.parametrize("name", VENDORED)
def test_release_starts_in_an_empty_home(name, releases, frontend_env, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    env = {**frontend_env, "HOME": str(home), "UV_FIND_LINKS": ""}
    report = json.loads(run(["hatch-tilebox", "verify", "--json", releases[name]], tmp_path, env).stdout)
    assert report["ok"]
    assert len(report["tasks"]) == 1


def test_shared_code_runs(releases, frontend_env, tmp_path):
    value = json.dumps({"west": 1, "south": 2, "east": 11, "north": 13})
    shown = run(["hatch-tilebox", "run", releases["coverage"], "--input", value], tmp_path, frontend_env)
    assert "covered: E000N00, E000N10, E010N00, E010N10" in shown.stdout + shown.stderr


def test_an_edit_to_a_shared_package_changes_the_workflows_that_use_it(monorepo, frontend_env, releases):
    source = monorepo / "packages/grids/src/grids/__init__.py"
    source.write_text(source.read_text() + "\nTILES = 36 * 18\n")
    (monorepo / "packages/grids/build").mkdir()
    (monorepo / "packages/grids/build/leftover.py").write_text("")
    for name, same in (("coverage", False), ("report", True)):
        run(["hatch-tilebox", "build"], monorepo / "workflows" / name, frontend_env)
        assert (digest(monorepo / f"workflows/{name}/dist/{name}-0.1.0.tbrelease") == digest(releases[name])) is same


def test_all_are_published_with_one_command(releases, frontend_env, tmp_path):
    repository = releases["report"].parents[3]
    command = ["hatch-tilebox", "publish", "--all", "--to", tmp_path / "store", "--json"]
    report = json.loads(run(command, repository, frontend_env).stdout)
    assert [project["path"] for project in report["projects"]] == sorted(f"workflows/{name}" for name in VENDORED)
    assert {project["result"] for project in report["projects"]} == {"succeeded"}
    published = {release.workflow: release.digest for release in ReleaseStore(tmp_path / "store").releases(None)}
    assert published == {name: digest(releases[name]) for name in VENDORED}


def test_all_are_built_into_one_folder(monorepo, frontend_env, releases):
    """As `uv build --all-packages` does. Without a cache, shared packages are built by several builds at the same time."""
    shown = run(["hatch-tilebox", "build", "--all", "--no-cache", "--jobs", "3"], monorepo, frontend_env)
    assert shown.stdout.splitlines()[-1] == "3 succeeded"
    for name in VENDORED:
        assert digest(monorepo / f"dist/{name}-0.1.0.tbrelease") == digest(releases[name])


@pytest.mark.parametrize("backend", ["hatchling.build", "hatch_tilebox.backend"])
def test_hatch_builds_all(monorepo, frontend_env, releases, backend):
    """Into one folder too. With another backend than its own, hatch keeps only wheels, which the build reports."""
    root = monorepo / "pyproject.toml"
    root.write_text(root.read_text() + '\n[tool.hatch.envs.default.workspace]\nmembers = ["workflows/*"]\n')
    for name in VENDORED:
        pyproject = monorepo / f"workflows/{name}/pyproject.toml"
        pyproject.write_text(pyproject.read_text().replace("hatchling.build", backend))
    shown = run(["hatch", "build", "--all", "-t", "wheel"], monorepo, frontend_env)
    drops = backend != "hatchling.build"
    assert ("is a temporary folder: hatch" in shown.stdout + shown.stderr) is drops
    assert len(list((monorepo / "dist").glob("*.whl"))) == len(VENDORED)
    found = {path.name.partition("-")[0]: digest(path) for path in monorepo.rglob("*.tbrelease")}
    assert found == ({} if drops else {name: digest(path) for name, path in releases.items()})


def test_a_stale_archive_is_not_published(monorepo, frontend_env, tmp_path):
    """A package that is vendored belongs to the files of the release, which `publish` then builds."""
    folder = monorepo / "workflows/cleanup"
    publish = ["hatch-tilebox", "publish", "--to", tmp_path / "store"]
    run(["hatch-tilebox", "build"], folder, frontend_env)
    run(publish, folder, frontend_env)
    source = monorepo / "packages/grids/src/grids/__init__.py"
    source.write_text(source.read_text() + "\nTILES = 36 * 18\n")
    refused = subprocess.run([*publish, "--no-build"], cwd=folder, env=frontend_env, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "was built from other files: changed packages: grids" in refused.stderr
    assert len(ReleaseStore(tmp_path / "store").releases(None)) == 1
    run(publish, folder, frontend_env)
    assert len(ReleaseStore(tmp_path / "store").releases(None)) == 2
