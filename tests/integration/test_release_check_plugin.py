"""Release checks of plugins: the example of `docs/how-to/add-release-checks.md`, and a broken plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from docs_pages import write_files

PAGE = "docs/how-to/add-release-checks.md"
RUN = """
import json, sys
from pathlib import Path
from hatch_tilebox.core.errors import PluginError
from hatch_tilebox.plugins import ReleaseFile
from hatch_tilebox.plugins.manager import run_release_checks

manifest = json.loads(sys.argv[1])
files = [ReleaseFile(path.name, path.stat().st_size, "0644", path) for path in map(Path, sys.argv[2:])]
try:
    print("warnings:", *run_release_checks(manifest, files), sep="\\n")
except PluginError as error:
    print("error:", error, sep="\\n")
"""


def install(project):
    """The folder that the package in `project` is installed into, with its metadata."""
    site = project.parent / "site"
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


def test_example_warns_and_reads_files(tmp_path):
    write_files(PAGE, tmp_path)
    site = install(tmp_path / "acme-release-rules")
    owners = tmp_path / "OWNERS"
    owners.touch()
    expected = "warnings:\n[acme-rules] this release has no owner\n  hint: add a file OWNERS, and include it\n"
    assert run_checks(site, ["acme.example/A"], owners) == expected
    owners.write_text("scene team\n")
    assert run_checks(site, ["acme.example/A"], owners) == "warnings:\n"


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
    project = tmp_path / "broken-rules"
    project.mkdir()
    (project / "pyproject.toml").write_text(pyproject)
    (project / "broken_rules.py").write_text("import nowhere_to_be_found\n")
    site = install(project)
    printed = run_checks(site, [])
    assert 'error:\nthe plugin "broken" of the entry-point group hatch_tilebox cannot be loaded' in printed
    assert "No module named 'nowhere_to_be_found'" in printed
    assert "Traceback" not in printed
