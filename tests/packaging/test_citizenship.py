"""Switches of frontends keep their meaning, and other plugins keep working."""

from __future__ import annotations

import sys

import pytest
from git_commits import commit_all, git
from programs import edit, printed, run

from hatch_tilebox.archive.reader import read_manifest

pytestmark = pytest.mark.frontends

HATCHLING = [sys.executable, "-m", "hatchling", "build"]
RELEASE = "tide_gauge-0.1.0.tbrelease"


def kept(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_hooks_only_runs_the_hook_and_builds_no_wheel(project, clean_env):
    folder = project("single_file")
    run([*HATCHLING, "-t", "wheel", "--hooks-only"], folder, clean_env)
    assert kept(folder / "dist") == [RELEASE]


@pytest.mark.parametrize("switch", [["--no-hooks"], []])
def test_no_hooks_builds_no_release(switch, project, clean_env):
    folder = project("scene_qa")
    extra = {} if switch else {"HATCH_BUILD_NO_HOOKS": "true"}
    run([*HATCHLING, "-t", "wheel", *switch], folder, {**clean_env, **extra})
    assert kept(folder / "dist") == ["scene_qa-1.2.0-py3-none-any.whl"]


def test_no_hooks_does_not_turn_the_target_off(project, clean_env):
    folder = project("single_file")
    run([*HATCHLING, "-t", "tilebox", "--no-hooks"], folder, clean_env)
    assert kept(folder / "dist") == [RELEASE]


@pytest.mark.parametrize("target", ["wheel", "tilebox"])
def test_clean_removes_our_releases_and_nothing_else(target, project, clean_env):
    folder = project("single_file")
    dist = folder / "dist"
    dist.mkdir()
    others = ["notes.txt", "tide_gauge_tools-1.0.tbrelease", "other-1.0.tbrelease"]
    for name in [*others, "tide_gauge-0.0.9.tbrelease"]:
        (dist / name).write_text("")
    run([*HATCHLING, "-t", target, "--clean-only"], folder, clean_env)
    assert kept(dist) == sorted(others)


def test_location_moves_wheel_and_release(project, clean_env):
    folder = project("single_file")
    run([*HATCHLING, "-t", "wheel"], folder, {**clean_env, "HATCH_BUILD_LOCATION": "out"})
    assert kept(folder / "out") == ["tide_gauge-0.1.0-py3-none-any.whl", RELEASE]
    assert kept(folder / "dist") == []


def test_beside_a_version_from_git_and_a_readme_hook(project, frontend_env):
    """hatch-vcs gives the release its version; hatch-fancy-pypi-readme and its table stay as they are."""
    folder = project("single_file")
    path = folder / "pyproject.toml"
    edit(path, '"hatch-tilebox"]', '"hatch-tilebox", "hatch-vcs", "hatch-fancy-pypi-readme"]')
    edit(path, 'version = "0.1.0"', 'dynamic = ["version", "readme"]')
    with path.open("a") as file:
        file.write(
            '\n[tool.hatch.version]\nsource = "vcs"\n'
            '\n[tool.hatch.metadata.hooks.fancy-pypi-readme]\ncontent-type = "text/markdown"\n'
            '[[tool.hatch.metadata.hooks.fancy-pypi-readme.fragments]]\ntext = "Reads gauges."\n'
        )
    git(folder, "init", "-q")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Locking asks for the version")
    run(["uv", "lock", "-q"], folder, frontend_env)
    commit_all(folder)
    git(folder, "tag", "v3.2.1")
    run(["uv", "build"], folder, frontend_env)
    names = [name for name in kept(folder / "dist") if name != ".gitignore"]
    assert names == ["tide_gauge-3.2.1-py3-none-any.whl", "tide_gauge-3.2.1.tar.gz", "tide_gauge-3.2.1.tbrelease"]
    assert read_manifest(folder / "dist" / names[2]).project.version == "3.2.1"


def test_workspace_members_build_each(tmp_path, project, frontend_env):
    """Members share the workspace's lock, which no release holds; each is locked by itself for its own."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["flows/*"]\n')
    (workspace / "flows").mkdir()
    for name in ("single_file", "virtual"):
        project(name).rename(workspace / "flows" / name)
    for name in ("single_file", "virtual"):
        run(["uv", "build", "--wheel", f"flows/{name}"], workspace, frontend_env)
    assert {name for name in kept(workspace / "dist") if name.endswith(".tbrelease")} == {RELEASE, "water_mask-0.3.0.tbrelease"}


def test_subfolder_of_a_bigger_repository(tmp_path, project, frontend_env):
    """Ignore files above the project are not read."""
    repository = tmp_path / "repository"
    (repository / "services").mkdir(parents=True)
    run(["git", "init", "-q"], repository, frontend_env)
    (repository / ".gitignore").write_text("runner.py\n")
    folder = project("single_file").rename(repository / "services" / "gauge")
    run(["uv", "build", "--wheel"], folder, frontend_env)
    assert "runner.py" in [file.path for file in read_manifest(folder / "dist" / RELEASE).files]


def modules_of_an_sdist(folder, env, out):
    code = f"import hatchling.build, sys; hatchling.build.build_sdist({str(out)!r}); print(*sys.modules)"
    return set(printed([sys.executable, "-c", code], folder, env).split())


def test_sdist_imports_nothing_heavy(project, clean_env, tmp_path):
    """An sdist needs the rules of selection, but neither runtimes nor compression, and no library for terminals or networks."""
    folder = project("scene_qa")
    with (folder / "pyproject.toml").open("a") as file:
        file.write('\n[tool.hatch.build.targets.sdist]\nonly-include = ["README.md"]\n')
    modules = modules_of_an_sdist(folder, clean_env, tmp_path)
    assert "hatch_tilebox.selection.select" in modules
    heavy = {"backports.zstd", "compression.zstd", "click", "filelock", "hatch_tilebox.discovery", "httpx", "platformdirs", "rich"}
    assert not modules & {*heavy, "tomlkit"}
