"""The statement of provenance names the frontend, and the sdist that a frontend builds the wheel from."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.frontends

BUILD = [sys.executable, "-m", "build", "--installer", "uv"]
COMMANDS = {
    "hatch-tilebox": ["hatch-tilebox", "build"],
    "hatch": ["hatch", "build", "-t", "wheel"],
    "hatchling": [sys.executable, "-m", "hatchling", "build", "-t", "tilebox"],
    "pip": [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "."],
    "pyproject-hooks": [*BUILD, "--wheel"],
    "uv": ["uv", "build", "--wheel"],
}


@pytest.fixture
def parameters(project, frontend_env):
    """A function that runs a command in a project, and returns its folder and the definition of the build in the statement."""
    folder = project("single_file")

    def run(command):
        env = {**frontend_env, "HATCH_TILEBOX_PROVENANCE": "true", "HATCH_TILEBOX_OUTPUT_DIR": str(folder / "dist")}
        result = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
        statement = json.loads((folder / "dist/tide_gauge-0.1.0.provenance.json").read_text())
        return folder, statement["predicate"]["buildDefinition"]

    return run


@pytest.mark.parametrize("frontend", COMMANDS)
def test_it_names_the_frontend(frontend, parameters):
    definition = parameters(COMMANDS[frontend])[1]
    assert definition["internalParameters"]["frontend"] == frontend
    assert definition["internalParameters"]["from"] == "folder"


@pytest.mark.parametrize("command", [["uv", "build"], BUILD], ids=["uv", "build"])
def test_it_names_the_sdist_that_the_wheel_was_built_from(command, parameters):
    folder, definition = parameters(command)
    sdist = folder / "dist/tide_gauge-0.1.0.tar.gz"
    assert definition["internalParameters"]["from"] == "sdist"
    expected = {"name": sdist.name, "digest": {"sha256": hashlib.sha256(sdist.read_bytes()).hexdigest()}}
    assert expected in definition["resolvedDependencies"]
