"""The example of `docs/how-to/add-release-checks.md`, installed and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from docs_pages import blocks

PAGE = "docs/how-to/add-release-checks.md"
RUN = """
import json, sys
from pathlib import Path
from hatch_tilebox.errors import PluginError
from hatch_tilebox.plugins import ReleaseFile, run_release_checks

manifest = json.loads(sys.argv[1])
files = [ReleaseFile(path.name, path.stat().st_size, "0644", path) for path in map(Path, sys.argv[2:])]
try:
    print("warnings:", *run_release_checks(manifest, files), sep="\\n")
except PluginError as error:
    print("error:", error, sep="\\n")
"""


def install(tmp_path, files):
    """The folder that a package made of `files` is installed into, with its metadata."""
    project, site = tmp_path / "plugin", tmp_path / "site"
    project.mkdir()
    for name, content in files.items():
        (project / name).write_text(content, encoding="utf-8")
    # hatchling stands in this environment already: the build takes no network and no environment of its own.
    options = ["-q", "--no-deps", "--no-build-isolation", "--python", sys.executable, "--target", site]
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", *options, project], check=True, capture_output=True)
    return site


def run_checks(site, tasks, *files):
    manifest = json.dumps({"tasks": [{"name": task, "version": "v1.0"} for task in tasks]})
    done = subprocess.run(
        [sys.executable, "-c", RUN, manifest, *map(str, files)],
        env={**os.environ, "PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture
def example(tmp_path):
    pyproject, module = (blocks(PAGE, language)[0].text for language in ("toml", "python"))
    return install(tmp_path, {"pyproject.toml": pyproject, "acme_release_rules.py": module})


def test_example_stops_a_release_that_breaks_a_rule(example):
    printed = run_checks(example, ["acme.example/A", "B"])
    assert printed == (
        "error:\n[acme-rules] the task B is not named under acme.example\n"
        '  hint: give it an identifier such as ("acme.example/Name", "v1.0")\n'
    )


def test_example_warns_and_reads_files(example, tmp_path):
    owners = tmp_path / "OWNERS"
    owners.touch()
    expected = "warnings:\n[acme-rules] nobody looks after this release\n  hint: add a file OWNERS, and include it\n"
    assert run_checks(example, ["acme.example/A"], owners) == expected
    owners.write_text("scene team\n")
    assert run_checks(example, ["acme.example/A"], owners) == "warnings:\n"


def test_plugin_that_cannot_be_loaded_is_named(tmp_path):
    pyproject = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "broken-rules"
version = "1.0"
[project.entry-points.hatch_tilebox]
broken = "broken_rules"
[tool.hatch.build.targets.wheel]
only-include = ["broken_rules.py"]
"""
    site = install(tmp_path, {"pyproject.toml": pyproject, "broken_rules.py": "import nowhere_to_be_found\n"})
    printed = run_checks(site, [])
    assert 'error:\nthe plugin "broken" of the entry-point group hatch_tilebox cannot be loaded' in printed
    assert "No module named 'nowhere_to_be_found'" in printed
    assert "Traceback" not in printed
