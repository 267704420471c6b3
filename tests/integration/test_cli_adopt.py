"""A project that was adopted builds with real frontends, and its wheel holds what it held before."""

from __future__ import annotations

import shutil
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
BUILD_SYSTEMS = {
    "none": ("", ""),
    "setuptools": ('[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n', ""),
    "uv_build": ('[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n', "src/"),
    "hatchling": ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n', "src/"),
}


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
@pytest.mark.parametrize("kind", BUILD_SYSTEMS)
def test_an_adopted_project_builds(tmp_path, frontend_env, wheelhouse, kind):
    build_system, prefix = BUILD_SYSTEMS[kind]
    project = tmp_path / "project"
    package = project / prefix / "tide_gauge"
    package.mkdir(parents=True)
    (project / "pyproject.toml").write_text(f"{PROJECT}\n{build_system}")
    (package / "__init__.py").write_text("")
    (package / "levels.py").write_text("HEIGHT = 12.5\n")
    (package / "runner.py").write_text(RUNNER)

    def run(*command):
        done = subprocess.run(command, cwd=project, env=frontend_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    if build_system:
        run("uv", "build", "--wheel", "--out-dir", tmp_path / "before")
    run(sys.executable, "-m", "hatch_tilebox", "adopt", "--yes")
    if build_system:  # release runners build it, and no index has our wheel yet
        shutil.copytree(wheelhouse, project / "wheels")
        with (project / "pyproject.toml").open("a") as file:
            file.write('\n[tool.uv]\nfind-links = ["wheels"]\n')
        config = project / "tilebox.workflow.toml"
        config.write_text(config.read_text().replace("include = [", 'include = [\n  "wheels/*.whl",'))
    run("uv", "lock")
    run("uv", "build")
    (wheel,) = (project / "dist").glob("*.whl")
    assert (project / "dist" / "tide_gauge-0.1.0.tbrelease").is_file()
    if build_system:
        assert modules(wheel) == modules(next((tmp_path / "before").glob("*.whl")))
    run(sys.executable, "-m", "hatch_tilebox", "verify", "dist/tide_gauge-0.1.0.tbrelease")
