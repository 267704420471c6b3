"""Commands run in this process, on small projects made for the test."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from hatch_tilebox.cli.app import app

PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-tilebox"]
build-backend = "hatchling.build"

[project]
name = "tide-gauge"
version = "0.1.0"
requires-python = ">=3.10"
dependencies = ["tilebox"]

[tool.uv]
package = false

[tool.hatch.build.hooks.tilebox]
"""
WORKFLOW = """\
[workflow]
slug = "tide-gauge"
runner = "runner:runner"

[build]
include = ["pyproject.toml", "uv.lock", "**/*.py"]
"""
LOCK = """\
version = 1

[[package]]
name = "tide-gauge"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "tilebox" },
]

[package.metadata]
requires-dist = [{ name = "tilebox" }]

[[package]]
name = "tilebox"
version = "0.66.0"
"""
RUNNER = "from tilebox.workflows import Runner\n\nrunner = Runner(tasks=[])\n"


@pytest.fixture
def invoke(monkeypatch):
    """A function that runs the command line and gives its exit code, stdout and stderr."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*args, **options):
        return CliRunner().invoke(app, [str(arg) for arg in args], prog_name="hatch-tilebox", catch_exceptions=False, **options)

    return run


@pytest.fixture
def small_project(tmp_path):
    """A function that makes a project that is fine but for the `files` that it is given; None leaves one out."""

    def make(files=None):
        root = tmp_path / "project"
        content = {
            "pyproject.toml": PYPROJECT,
            "tilebox.workflow.toml": WORKFLOW,
            "runner.py": RUNNER,
            "uv.lock": LOCK,
            **(files or {}),
        }
        for name, text in content.items():
            if text is not None:
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return root

    return make
