"""What every frontend prints where nothing can move, as in a CI log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.frontends

HATCHLING = [sys.executable, "-m", "hatchling", "build", "-t"]
FRONTENDS = {
    "hatch": ["hatch", "build", "-t", "tilebox"],
    "hatch wheel": ["hatch", "build", "-t", "wheel"],
    "hatchling": [*HATCHLING, "tilebox"],
    "uv": ["uv", "build", "--wheel"],
    "build": [sys.executable, "-m", "build", "--wheel", "--installer", "uv"],
    "pip": [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", "-w", "dist", "."],
    "hatch-tilebox": ["hatch-tilebox", "build"],
}


@pytest.fixture
def build(project, frontend_env, tmp_path):
    """A function that builds a project whose runner takes 3 s to import, and gives the lines that are printed."""
    folder = project("single_file")
    with (folder / "runner.py").open("a") as file:
        file.write(f"\nimport time\n\ntime.sleep(3)  # {tmp_path}\n")

    def run(command, **extra):
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(command, cwd=folder, env={**frontend_env, **extra}, text=True, check=False, **streams)
        assert done.returncode == 0, done.stdout
        assert "\x1b" not in done.stdout
        return [line.strip() for line in done.stdout.splitlines()]

    return run


@pytest.mark.parametrize("name", FRONTENDS)
def test_slow_steps_the_path_and_an_unchanged_build(build, name):
    # pip builds in the folder of the project, but knows no release: only a folder that is named keeps it.
    extra = {"HATCH_TILEBOX_OUTPUT_DIR": "dist"} if name == "pip" else {}
    command = FRONTENDS[name]
    first, second = build(command, **extra), build(command, **extra)
    assert next(line for line in first if line.startswith("Asking for the tasks")) == "Asking for the tasks..."
    assert "Asking for the tasks..." not in second
    (said,) = [line for line in second if "  unchanged, " in line]
    assert said.startswith("Writing the release    unchanged, tide_gauge-0.1.0.tbrelease, ")
    path = str(Path("dist", "tide_gauge-0.1.0.tbrelease"))
    for lines in (first, second):
        shown = next(number for number, line in enumerate(lines) if line.split()[-1:] == [path])
        assert lines[shown - 1].startswith("Digest  ")
        assert not [line for line in lines[shown + 1 :] if line.startswith(("Selecting", "Asking", "Writing"))]


@pytest.mark.parametrize("name", ["hatch", "hatchling", "hatch-tilebox"])
def test_very_verbose_has_the_output_of_uv_below_its_step(build, tmp_path, name):
    """`-v` has the details only."""
    command, told = FRONTENDS[name], {}
    for level in (1, 2):
        if name == "hatch":
            options, extra = [command[0], f"-{'v' * level}", *command[1:]], {}
        elif name == "hatchling":
            options, extra = command, {"HATCH_VERBOSE": str(level)}
        else:
            options, extra = [*command, f"-{'v' * level}"], {}
        told[level] = build(options, **extra, HATCH_TILEBOX_CACHE_DIR=str(tmp_path / f"cache{level}"))
        assert [line for line in told[level] if line.startswith("fingerprint ")]
    start, end = (told[2].index(line) for line in ("Preparing the runtime...", "Asking for the tasks..."))
    below = told[2][start + 1 : end]
    assert [line for line in below if line.startswith("Resolved ")]
    assert [line for line in below if line.startswith("+ tilebox-workflows==")]
    assert below[-1].startswith("Preparing the runtime  environment created")
    assert not [line for line in told[1] if line.startswith("+ tilebox-workflows==")]
