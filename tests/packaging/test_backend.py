"""`build-backend = "hatch_tilebox.backend"`: hatchling with the hook, without a `[tool.hatch]` table."""

from __future__ import annotations

import hashlib
import sys

import pytest
from programs import printed

import hatch_tilebox.backend
from hatch_tilebox.archive.reader import read_manifest

pytestmark = pytest.mark.frontends

PYPROJECT = """
[build-system]
requires = ["hatch-tilebox"]
build-backend = "hatch_tilebox.backend"

[project]
name = "tide-gauge"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["tilebox"]

[tool.uv]
package = false
"""
PIP = ["uv", "run", "--no-project", "--with", "pip", "python", "-m", "pip"]


@pytest.fixture
def folder(project):
    folder = project("single_file")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    return folder


def test_every_frontend_makes_one_release(folder, frontend_env):
    digests = set()
    for command in (
        ["uv", "build"],
        ["uv", "build", "--wheel"],
        [sys.executable, "-m", "build", "--installer", "uv"],
        [sys.executable, "-m", "build", "--installer", "uv", "--wheel"],
        ["hatch", "build"],
        ["hatch-tilebox", "build"],
    ):
        # hatch moves the wheel of a foreign backend out of a folder of its own, and nothing else.
        env = {**frontend_env, "HATCH_TILEBOX_OUTPUT_DIR": "dist"} if command[0] == "hatch" else frontend_env
        printed(command, folder, env)
        release = folder / "dist" / "tide_gauge-0.1.0.tbrelease"
        digests.add(hashlib.sha256(release.read_bytes()).hexdigest())
        release.unlink()
    assert len(digests) == 1


def test_settings_of_the_frontend_are_options(folder, frontend_env):
    printed(["uv", "build", "--wheel", "-C", "tilebox.output-dir=releases", "-C", "other.setting=1"], folder, frontend_env)
    assert read_manifest(folder / "releases" / "tide_gauge-0.1.0.tbrelease").workflow.runner == "runner:runner"
    settings = ["--config-settings", "tilebox.output-dir=kept"]
    printed([*PIP, "wheel", "--no-deps", "-w", "wheels", *settings, "."], folder, frontend_env)
    assert (folder / "kept" / "tide_gauge-0.1.0.tbrelease").exists()


def test_settings_count_before_the_environment(folder, frontend_env):
    env = {**frontend_env, "HATCH_TILEBOX_OUTPUT_DIR": "from-environment"}
    printed(["uv", "build", "--wheel", "-C", "tilebox.output-dir=from-setting"], folder, env)
    assert not (folder / "from-environment").exists()
    assert list((folder / "from-setting").glob("*.tbrelease"))


def test_unknown_setting_of_ours_is_refused(folder, frontend_env):
    output = printed(["uv", "build", "--wheel", "-C", "tilebox.runtme=worker"], folder, frontend_env, code=2)
    assert 'error[TBX012]: unknown config setting "tilebox.runtme"\nhelp: did you mean "tilebox.runtime"?' in output
    assert "Traceback" not in output


def test_worker_level_is_an_option(folder, frontend_env):
    """The worker tells names and versions; the rest is known from the import."""
    printed(["uv", "build", "--wheel", "-C", "tilebox.runtime=worker"], folder, frontend_env)
    manifest = read_manifest(folder / "dist" / "tide_gauge-0.1.0.tbrelease")
    assert [(task.name, task.version) for task in manifest.tasks] == [("tilebox.com/tide-gauge/ReadGauge", "v0.1")]


def test_pip_installs_the_project(folder, frontend_env, tmp_path):
    output = printed([*PIP, "install", "-v", "--no-deps", "--target", tmp_path / "site", "."], folder, frontend_env)
    assert (tmp_path / "site" / "runner.py").exists()
    assert "tide_gauge-0.1.0.tbrelease" in output
    assert "The option output-dir keeps the release." in output


def test_hooks_of_both_peps_are_there():
    names = {f"{prefix}_{kind}" for prefix in ("build", "get_requires_for_build") for kind in ("sdist", "wheel", "editable")} | {
        f"prepare_metadata_for_build_{kind}" for kind in ("wheel", "editable")
    }
    assert set(hatch_tilebox.backend.__all__) == names


def test_metadata_is_prepared_without_a_build(folder, frontend_env, tmp_path):
    code = "import sys, hatch_tilebox.backend as b; print(b.prepare_metadata_for_build_wheel(sys.argv[1]))"
    name = printed([sys.executable, "-c", code, str(tmp_path)], folder, frontend_env).strip()
    assert name == "tide_gauge-0.1.0.dist-info"
    assert "Name: tide-gauge" in (tmp_path / name / "METADATA").read_text()
    assert not (folder / "dist").exists()


def test_editable_install_works(project, frontend_env, tmp_path):
    folder = project("src_layout")
    path = folder / "pyproject.toml"
    text = (
        path.read_text()
        .replace('"hatchling", "hatch-tilebox"', '"hatch-tilebox"')
        .replace("hatchling.build", "hatch_tilebox.backend")
    )
    path.write_text(text.replace("[tool.hatch.build.hooks.tilebox]", ""))
    environment = tmp_path / "env"
    printed(["uv", "venv", "-q", environment], tmp_path, frontend_env)
    printed(["uv", "pip", "install", "-q", "--no-deps", "-p", environment, "-e", folder], tmp_path, frontend_env)
    code = "import burn_severity.index as m; print(m.severity(1, 0))"
    assert printed([environment / "bin" / "python", "-c", code], tmp_path, frontend_env).strip() == "high"
    assert not (folder / "dist").exists()
