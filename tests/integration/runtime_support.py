"""Shared by tests of the runtime: broken projects, locked once, and discovery on them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import tomlkit
from filelock import FileLock

from hatch_tilebox.codes.registry import find_code
from hatch_tilebox.core.errors import DiscoveryError, Location
from hatch_tilebox.core.model import FileEntry, Pattern, Workflow
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.discovery.discover import discover_tasks
from hatch_tilebox.selection.select import select_files

PROJECTS = Path(__file__).parent.parent.parent / "test_projects"


class Events(Progress):
    """Records all events."""

    def __init__(self):
        self.steps = []
        self.details = []

    def started(self, step):
        self.steps.append(step)

    def finished(self, summary):
        self.steps.append(summary)

    def detail(self, message):
        self.details.append(message)


def lock(folder, shared, env):
    """Give `folder` a `uv.lock`; projects with the same pyproject.toml share one."""
    key = hashlib.sha256((folder / "pyproject.toml").read_bytes()).hexdigest()[:16]
    kept = shared / f"{key}.uv.lock"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            subprocess.run(["uv", "lock", "--quiet"], cwd=folder, env=env, check=True)
            shutil.copyfile(folder / "uv.lock", kept)
    shutil.copyfile(kept, folder / "uv.lock")
    return folder


def load(folder, include=None):
    """Files, entries and workflow of the project in `folder`."""
    config = tomlkit.parse((folder / "tilebox.workflow.toml").read_text()).unwrap()
    files = select_files(folder, [Pattern(text) for text in include or config["build"]["include"]])
    entries = [
        FileEntry(file.path, file.size, file.mode, hashlib.sha256(file.source.read_bytes()).hexdigest()) for file in files.files
    ]
    table = config["workflow"]
    command = tuple(table["command"]) if "command" in table else None
    return files, entries, Workflow(table["slug"], table.get("runner"), command)


def discover(folder, include=None, **options):
    """Discovery on the project in `folder`."""
    files, entries, workflow = load(folder, include)
    place = partial(Location, "tilebox.workflow.toml", 3, 1)
    return discover_tasks(files, entries, workflow, place=place, **options)


def interpreter(version):
    """An interpreter of `version`, such as "3.12", on this machine, or None."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    if found:
        return str(found[-1])
    answer = subprocess.run(
        ["uv", "python", "find", "--no-project", "--no-python-downloads", version], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None


def processes_that(mention):
    """Command lines of living processes that contain `mention`; known on Linux only."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if mention in line:
            found.append(line)
    return found


def is_documented(problem):
    """Whether the problem has a code of its own, and not only that of all failures to start."""
    return find_code(problem.code) is not None and problem.code != DiscoveryError.code
