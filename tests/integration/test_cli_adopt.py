"""A project that was adopted builds with real frontends, and its wheel holds what it held before."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

PROJECT = '[project]\nname = "tide-gauge"\nversion = "0.1.0"\nrequires-python = ">=3.10"\ndependencies = ["tilebox"]\n'
RUNNER = """\
from tilebox.workflows import ExecutionContext, Runner, Task

from tide_gauge.levels import HEIGHT


class ReadGauge(Task):
    range_m: float

    @staticmethod
    def identifier() -> tuple[str, str]:
        return "tilebox.com/tide-gauge/ReadGauge", "v0.1"

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Water level", metres=HEIGHT - self.range_m)


runner = Runner(tasks=[ReadGauge])
"""


def packaged(tmp_path, environment, build_system, prefix):
    """A project with this build system whose package is below the folder `prefix`, and a function that runs commands in it."""
    project = tmp_path / "project"
    package = project / prefix / "tide_gauge"
    package.mkdir(parents=True)
    (project / "pyproject.toml").write_text(f"{PROJECT}\n{build_system}")
    (package / "__init__.py").write_text("")
    (package / "levels.py").write_text("HEIGHT = 12.5\n")
    (package / "runner.py").write_text(RUNNER)

    def run(*command, env=environment):
        done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return project, run


def modules(wheel):
    return sorted(name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name and not name.endswith("/"))


DIRECT = """\
from tilebox.workflows import Client, ExecutionContext, Task


class ReadGauge(Task):
    range_m: float

    def execute(self, context: ExecutionContext) -> None:
        print(self.range_m)


client = Client()
client.runner(tasks=[ReadGauge]).run_forever()
"""


@pytest.mark.frontends
def test_a_project_with_a_direct_runner_builds_once_it_is_adopted(tmp_path, frontend_env):
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    (project / "serve.py").write_text(DIRECT)

    def run(*command):
        done = subprocess.run(command, cwd=project, env=frontend_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    run(sys.executable, "-m", "hatch_tilebox", "adopt", "--yes")
    run("uv", "lock")
    assert "serve:runner" in (project / "tilebox.workflow.toml").read_text()
    assert "ReadGauge" in run(sys.executable, "-m", "hatch_tilebox", "build")
    run("uv", "build")


@pytest.mark.frontends
def test_a_wheel_of_hatchling_holds_what_one_of_setuptools_held(tmp_path, frontend_env):
    build_system = '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n'
    project, run = packaged(tmp_path, frontend_env, build_system, "")
    run("uv", "build", "--wheel", "--out-dir", tmp_path / "before")
    run(sys.executable, "-m", "hatch_tilebox", "adopt", "--yes")
    run("uv", "lock")
    run("uv", "build")
    (wheel,) = (project / "dist").glob("*.whl")
    assert modules(wheel) == modules(next((tmp_path / "before").glob("*.whl")))
    run(sys.executable, "-m", "hatch_tilebox", "verify", "dist/tide_gauge-0.1.0.tbrelease")


@pytest.mark.frontends
def test_a_release_of_a_src_project_starts_where_no_hatch_tilebox_can_be_installed(tmp_path, frontend_env, clean_env):
    build_system = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    _, run = packaged(tmp_path, frontend_env, build_system, "src/")
    run(sys.executable, "-m", "hatch_tilebox", "adopt", "--yes")
    run("uv", "lock")
    run("hatch", "build", "-t", "tilebox")
    runner = {name: value for name, value in clean_env.items() if name not in {"PIP_FIND_LINKS", "UV_FIND_LINKS"}}
    run(sys.executable, "-m", "hatch_tilebox", "verify", "dist/tide_gauge-0.1.0.tbrelease", env=runner)
