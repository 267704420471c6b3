"""Measure commands on a repository with 100 workflow projects.

    python benchmarks/repository.py            # projects, and projects --changed after several edits
    python benchmarks/repository.py build      # build --all, against one build after the other
    python benchmarks/repository.py build 10   # the same with ten projects

Needs hatch-tilebox with its `cli` extra in the environment of the interpreter, git, uv, and a package index. The repository is a
uv workspace with one lock: 100 workflows, of which each uses one of five shared packages, and the packages use each other.

Times are CPU seconds of the command and its children, which other load hardly affects; the fastest of several rounds is used. The
goal is less than 2 seconds for `projects --changed`, after any edit. Builds are measured once, in seconds on the clock.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from time import perf_counter

PROJECTS = 100
PACKAGES = 5
ROUNDS = 5
GOAL = 2.0
ROOT = '[tool.uv.workspace]\nmembers = ["packages/*", "workflows/*"]\n'
PACKAGE = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shared-{number}"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = [{dependencies}]

[tool.uv.sources]
{sources}
"""
WORKFLOW = """\
[build-system]
requires = ["hatchling", "hatch-tilebox"]
build-backend = "hatchling.build"

[project]
name = "flow-{number:03}"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["tilebox-workflows", "shared-{package}"]

[tool.uv]
package = false

[tool.hatch.build.hooks.tilebox]
vendor = true

[tool.uv.sources]
shared-{package} = {{ workspace = true }}
"""
CONFIG = """\
[workflow]
slug = "flow-{number:03}"
runner = "runner:runner"

[build]
include = ["pyproject.toml", "uv.lock", "**/*.py"]
"""
RUNNER = """\
from tilebox.workflows import ExecutionContext, Runner, Task


class Flow{number:03}(Task):
    def execute(self, context: ExecutionContext) -> None:
        pass


runner = Runner(tasks=[Flow{number:03}])
"""


def create(root: Path, projects: int) -> None:
    """Create the repository with one commit."""
    write(root, "pyproject.toml", ROOT)
    write(root, ".gitignore", "dist/\n.venv/\n")
    for number in range(PACKAGES):
        name = f'"shared-{number - 1}"' if number else ""
        sources = f"shared-{number - 1} = {{ workspace = true }}" if number else ""
        write(root, f"packages/shared-{number}/pyproject.toml", PACKAGE.format(number=number, dependencies=name, sources=sources))
        for module in ("__init__", "grids", "scenes", "times"):
            write(root, f"packages/shared-{number}/shared_{number}/{module}.py", f"NUMBER = {number}\n" * 40)
    for number in range(projects):
        folder = f"workflows/flow-{number:03}"
        write(root, f"{folder}/pyproject.toml", WORKFLOW.format(number=number, package=number % PACKAGES))
        write(root, f"{folder}/tilebox.workflow.toml", CONFIG.format(number=number))
        write(root, f"{folder}/runner.py", RUNNER.format(number=number))
        for module in range(8):
            write(root, f"{folder}/steps/step_{module}.py", f"STEP = {module}\n" * 40)
    run(["uv", "lock", "--quiet"], root)
    run(["git", "init", "--quiet", "--initial-branch=main"], root)
    commit(root)


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")


def append(root: Path, path: str, text: str) -> None:
    write(root, path, (root / path).read_text("utf-8") + text)


def commit(root: Path) -> None:
    run(["git", "add", "--all"], root)
    run(["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "All"], root)


def run(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def seconds(command: list[str], folder: Path) -> tuple[float, str]:
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = run(command, folder)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime, printed


def program() -> str:
    return str(Path(sysconfig.get_path("scripts"), "hatch-tilebox"))


def measure_changed(root: Path) -> bool:
    """Print a table, and return whether the goal is reached."""
    edits = {
        "nothing": lambda: None,
        "a file that is not selected": lambda: write(root, "workflows/flow-000/notes.md", "x"),
        "a file of one workflow": lambda: append(root, "workflows/flow-000/runner.py", "\n"),
        "a shared package": lambda: append(root, "packages/shared-3/shared_3/grids.py", "\n"),
        "the lock": lambda: append(root, "uv.lock", "\n# new\n"),
        "a setting of the workspace": lambda: append(root, "pyproject.toml", '\n[tool.uv]\nresolution = "highest"\n'),
        "every workflow": lambda: [append(root, f"workflows/flow-{each:03}/runner.py", "\n") for each in range(PROJECTS)],
    }
    status = min(seconds(["git", "status", "--porcelain"], root)[0] for _ in range(ROUNDS))
    base = min(seconds([program(), "projects", "--quiet"], root)[0] for _ in range(ROUNDS))
    print(f"{'command':18} {'edit':30} {'changed':>7} {'s':>6} {'ratio':>6}")
    print(f"{'git status':18} {'':30} {'':>7} {status:6.2f} {status / base:6.2f}")
    print(f"{'projects':18} {'':30} {'':>7} {base:6.2f} {1:6.2f}")
    reached = True
    for name, edit in edits.items():
        edit()
        runs = [seconds([program(), "projects", "--changed", "HEAD", "--quiet"], root) for _ in range(ROUNDS)]
        best, printed = min(runs)
        reached &= best < GOAL
        print(f"{'projects --changed':18} {name:30} {len(printed.splitlines()):7} {best:6.2f} {best / base:6.2f}")
        run(["git", "checkout", "--quiet", "."], root)
        run(["git", "clean", "--quiet", "--force", "-d"], root)
    return reached


def measure_build(root: Path, projects: int) -> None:
    """Print a table of one round of builds, with an empty cache and with what the build before has kept."""
    print(f"{'command':18} {'cache':8} {'s':>7} {'ratio':>6}")
    base = 0.0
    for cache in ("empty", "kept"):
        for name in ("one by one", "build --all"):
            os.environ["HATCH_TILEBOX_CACHE_DIR"] = str(root.parent / f"cache-{name.replace(' ', '-')}")
            began = perf_counter()
            if name == "build --all":
                run([program(), "build", "--all", "--quiet"], root)
            else:
                for number in range(projects):
                    run([program(), "build", "--quiet", f"workflows/flow-{number:03}"], root)
            time = perf_counter() - began
            base = base or time
            print(f"{name:18} {cache:8} {time:7.1f} {time / base:6.2f}")


def main() -> None:
    building, number = sys.argv[1:2] == ["build"], sys.argv[2:]
    projects = int(number[0]) if number else PROJECTS
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve() / "repository"
        create(root, projects)
        print(f"{projects} projects, {os.cpu_count()} processors, Python {sys.version.split()[0]}, {sys.platform}")
        if building:
            measure_build(root, projects)
        elif not measure_changed(root):
            sys.exit(1)


if __name__ == "__main__":
    main()
