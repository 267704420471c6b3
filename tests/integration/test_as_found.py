"""Projects as people have them, in `test_projects/as_found`: adopted, they are checked without a warning, and build."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest_tools import needs_tool
from git_commits import commit_all, git
from output_schema import check_output
from runtime_support import PROJECTS

from hatch_tilebox.project.adopt.changes import apply_changes
from hatch_tilebox.project.adopt.plan import plan_adoption
from hatch_tilebox.project.check import check_project

FOUND = PROJECTS / "as_found"
ADOPTED = Path(__file__).parent / "adopted"
TASKS = {
    "config_included": "SunAngle",
    "eight_workflows/albedo": "MapAlbedo",
    "explicit_index": "MeasureScene",
    "flat_application": "CloudShare",
    "flat_packaged": "PlanPass",
    "git_dependency": "Moisture",
    "main_module": "HazeIndex",
    "named_data": "NameBand",
    "no_binary_package": "LocatePixel",
    "src_uv_build": "CountOrbits",
}
FILES = {
    "config_included": ["pyproject.toml", "sun_angle.py", "tilebox.workflow.toml", "uv.lock"],
    "eight_workflows/albedo": ["lib/scale.json", "pyproject.toml", "runner.py", "uv.lock"],
    "flat_application": [".python-version", "main.py", "pyproject.toml", "uv.lock"],
    "named_data": ["bands.csv", "pyproject.toml", "runner.py", "uv.lock"],
}
WARNINGS = {"no_binary_package": ("affine ",)}
"""A package that has to be built at every start, as the project asks for."""
ALSO = {"flat_packaged": ["uv", "build"], "main_module": ["hatch", "build", "-t", "tilebox"]}
"""What builds a release besides our own command, once the project is adopted."""


@pytest.fixture
def run(frontend_env, tmp_path, monkeypatch):
    """A function that runs a command in a folder and returns its output; Git finds the repository that the projects name."""
    git = tmp_path / "gitconfig"
    git.write_text(f'[url "file://{tmp_path}/"]\n    insteadOf = https://git.example.org/\n')

    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(git))

    def call(folder, *command):
        environment = {**frontend_env, "GIT_CONFIG_GLOBAL": str(git)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def copy(tmp_path, shape):
    top, _, below = shape.partition("/")
    shutil.copytree(FOUND / top, tmp_path / top)
    index = os.environ.get("UV_DEFAULT_INDEX")
    if shape == "explicit_index" and index:  # where PyPI itself is out of reach
        pyproject = tmp_path / top / "pyproject.toml"
        pyproject.write_text(pyproject.read_text().replace("https://pypi.org/simple", index))
    return tmp_path / top / below


def moisture_tables(folder, run):
    """The repository that a project depends on."""
    needs_tool("git")
    package = folder / "moisture-tables.git"
    package.mkdir()
    system = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    (package / "pyproject.toml").write_text(f'{system}\n[project]\nname = "moisture-tables"\nversion = "1.0"\n')
    (package / "moisture_tables.py").write_text("TABLE = {4: 0.05, 25: 0.4}\n")
    system = "[tool.hatch.build.targets.wheel]\ninclude = ['moisture_tables.py']\n"
    with (package / "pyproject.toml").open("a") as file:
        file.write(f"\n{system}")
    commit_all(package)
    git(package, "tag", "v1.0")


def adopt(folder):
    """The changes of an adoption, which is written."""
    adoption = plan_adoption(folder)
    apply_changes(adoption.root, adoption.changes)
    return "".join(change.diff for change in adoption.changes)


@pytest.mark.parametrize("shape", TASKS)
def test_what_adopt_changes(tmp_path, shape):
    """If a change is right: write the new diff into the file of the shape's name."""
    folder = copy(tmp_path, shape)
    assert adopt(folder) == (ADOPTED / f"{shape.replace('/', '-')}.diff").read_text()
    assert adopt(folder) == ""


@pytest.mark.runtime
@pytest.mark.frontends
@pytest.mark.parametrize("shape", TASKS)
def test_an_adopted_project_checks_and_builds(run, tmp_path, shape):
    folder = copy(tmp_path, shape)
    if shape == "git_dependency":
        moisture_tables(tmp_path, run)
    adopt(folder)
    run(folder, "uv", "lock")
    report = check_project(folder)
    assert report.errors == []
    assert [problem.message for problem in report.warnings if not problem.message.startswith(WARNINGS.get(shape, ()))] == []
    if shape in FILES:
        assert [file.path for file in report.files.files] == FILES[shape]
    assert [task.name for task in report.tasks] == [TASKS[shape]]
    release = check_output("build", run(folder, sys.executable, "-m", "hatch_tilebox", "build", "--json"))
    assert [task["name"].rpartition("/")[2] for task in release["tasks"]] == [TASKS[shape]]
    if shape in ALSO:
        Path(release["path"]).unlink()
        run(folder, *ALSO[shape])
        assert Path(release["path"]).is_file()


def test_a_repository_of_eight_workflows_has_eight_projects(tmp_path):
    """The `.gitignore` above the roots counts for none of them."""
    top = copy(tmp_path, "eight_workflows")
    folders = sorted(path.parent for path in top.glob("*/tilebox.workflow.toml"))
    assert len(folders) == 8
    for folder in folders:
        assert "lib/scale.json" in [file.path for file in check_project(folder).files.files]


@pytest.mark.runtime
def test_a_task_that_is_defined_and_not_registered_is_reported_by_the_build(frontend_env, project):
    folder = project("single_file")
    runner = folder / "runner.py"
    lost = "class ReadTide(Task):\n    def execute(self, context: ExecutionContext) -> None:\n        pass\n\n\n"
    runner.write_text(runner.read_text().replace("runner = ", f"{lost}runner = "))
    command = [sys.executable, "-m", "hatch_tilebox", "build"]
    done = subprocess.run(command, cwd=folder, env=frontend_env, capture_output=True, text=True, check=True)
    place = f"runner.py:{runner.read_text().splitlines().index('class ReadTide(Task):') + 1}"
    assert (
        "warning[TBX120]: the task class ReadTide is defined here, and the runner in runner.py:25 does not register it"
        in done.stderr
    )
    assert f" --> {place}\n" in done.stderr
