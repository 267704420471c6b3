"""Measure builds of a project that was built before: after an edit, and without one.

    uv run benchmarks/rebuild.py [PROJECT] [--rounds N]

PROJECT is a locked workflow project with a `runner`; by default a copy of `test_projects/scene_qa` that also imports numpy, pandas
and xarray, locked by uv. A new environment has hatchling, this package and uv's own cache is warm. Each round measures, in turn,
so that other load affects all of them:

empty       `python -m hatchling build -t wheel` of a project with an empty module and no plugin
unchanged   the same command for PROJECT, whose hook builds the release
import      a bare `import` of the runner's module in the environment of the build, with its bytecode
worker      a bare start of the SDK's worker there, which answers what its tasks are, and ends when it is asked to
edited, import  `python -m hatchling build -t wheel` of PROJECT, `runtime = "import"`, after a line was added to the runner's module
edited, worker  the same with the default, `runtime = "worker"`

All times are those of the CPU, in all processes of a build; a build waits for nothing else. The table has medians. The aims: an
unchanged rebuild takes at most 1.5 times the empty build; a rebuild after an edit takes at most 0.15 of the import more than the
empty build and the import (or the worker, which the SDK starts in the same way on a release runner) together. The exit code is 1 if
an aim is missed. Not for Windows.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from presence import ROOT, environment

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.discovery.cache import DIRECTORY_VARIABLE
from hatch_tilebox.discovery.clean_environment import workflow_environment
from hatch_tilebox.discovery.worker import IN_WORKFLOW, runtime_folder, worker_variables
from hatch_tilebox.project.workflow_file import load_config

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNCHANGED_LIMIT = 1.5
EDITED_LIMIT = 0.15
PACKAGES = ("numpy", "pandas", "xarray")
# The client of the SDK's worker in the same process, as in a build: the libraries that it needs are those of the worker.
WORKER = """
import os, pathlib, runpy, sys, threading
sys.path[:0] = [os.environ["CLIENT"], ""]
def stop():
    from worker_client import Client
    folder = pathlib.Path(os.environ["TILEBOX_RUNTIME_DIR"])
    client = Client(folder, os.environ["TILEBOX_WORKER_ADDRESS"], os.environ["TILEBOX_RUNTIME_TOKEN"])
    assert "response" in client.call("ListRegisteredTasks", {}, 60)
    client.call("ShutdownWorker", {}, 60)
threading.Thread(target=stop).start()
runpy.run_module("tilebox.workflows.runner", run_name="__main__", alter_sys=True)
"""
EMPTY = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "empty-project"
version = "1"
"""


def cpu(command: Sequence[str | Path], folder: Path, variables: Mapping[str, str]) -> float:
    """The seconds that the processors work for a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=dict(variables), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def example(folder: Path) -> Path:
    """Create a project with a real import."""
    shutil.copytree(ROOT / "test_projects" / "scene_qa", folder, ignore=shutil.ignore_patterns(".venv", "dist", "__pycache__"))
    pyproject, runner = folder / "pyproject.toml", folder / "scene_qa" / "runner.py"
    packages = ", ".join(f'"{package}"' for package in PACKAGES)
    pyproject.write_text(pyproject.read_text().replace('"tilebox-workflows"', f'"tilebox-workflows", {packages}'))
    runner.write_text(runner.read_text().replace("from tilebox", f"import {', '.join(PACKAGES)}\nfrom tilebox", 1))
    subprocess.run(["uv", "lock", "--quiet"], cwd=folder, check=True)
    return folder


def empty(folder: Path) -> Path:
    """Create a project with an empty module."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(EMPTY)
    (folder / "empty_project.py").touch()
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name).resolve()
        python = environment(scratch)
        nothing = empty(scratch / "empty")
        if arguments.project:
            project = Path(shutil.copytree(arguments.project, scratch / "project", ignore=shutil.ignore_patterns(".venv", "dist")))
        else:
            project = example(scratch / "project")
        variables = {**os.environ, DIRECTORY_VARIABLE: str(scratch / "cache")}
        build = [python, "-m", "hatchling", "build", "-t", "wheel"]
        runner = load_config(project / CONFIG_NAME).workflow.runner or ""
        module = runner.partition(":")[0]
        source = project / f"{module.replace('.', '/')}.py"
        importing = {"HATCH_TILEBOX_RUNTIME": "import"}
        for extra in ({}, importing):
            cpu(build, project, {**variables, **extra})
        entry = next((scratch / "cache" / "environments").glob("*/"))
        bare = [entry / "env" / "bin" / "python", "-c", f"import {module}"]
        worker = [entry / "env" / "bin" / "python", "-c", WORKER, runner]
        bytecode = workflow_environment(PYTHONPYCACHEPREFIX=str(entry / "bytecode"))
        with_client = {**bytecode, "CLIENT": str(IN_WORKFLOW)}
        for done in range(arguments.rounds):
            print(f"round {done + 1} of {arguments.rounds}", file=sys.stderr)
            times.setdefault("empty", []).append(cpu(build, nothing, variables))
            times.setdefault("unchanged", []).append(cpu(build, project, variables))
            times.setdefault("import", []).append(cpu(bare, entry / "project", bytecode))
            with runtime_folder() as folder:
                times.setdefault("worker", []).append(cpu(worker, entry / "project", {**with_client, **worker_variables(folder)}))
            for label, extra in (("edited, import", importing), ("edited, worker", {})):
                source.write_text(f"{source.read_text()}\n# {time.time()}\n")
                times.setdefault(label, []).append(cpu(build, project, {**variables, **extra}))
    return report({label: statistics.median(values) for label, values in times.items()})


def report(medians: dict[str, float]) -> int:
    """Print the table, and return how many aims are missed."""
    ratio = medians["unchanged"] / medians["empty"]
    rests = {f"edited, {level}": medians[f"edited, {level}"] - medians[level] - medians["empty"] for level in ("import", "worker")}
    print(f"Python {sys.version.split()[0]}, {sys.platform}, {os.cpu_count()} processors\n")
    print("| | s | measured | aim |\n|---|---|---|---|")
    missed = 0
    for label, median in medians.items():
        measured = aim = ""
        if label == "unchanged":
            measured, aim = f"{ratio:.2f} of the empty build", f"{UNCHANGED_LIMIT}"
            missed += ratio > UNCHANGED_LIMIT
        elif label in rests:
            rest = rests[label] / medians["import"]
            measured, aim = f"{rest:.2f} of the import on top of that and the empty build", f"{EDITED_LIMIT}"
            missed += rest > EDITED_LIMIT
        print(f"| {label} | {median:.3f} | {measured} | {aim} |")
    return missed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
