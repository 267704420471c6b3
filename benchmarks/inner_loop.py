"""Measure the inner loop of an author: from an edit to the first line that the task logs, compared with a bare import.

    python benchmarks/inner_loop.py [--rounds 5] [--aim 1.3]

Needs hatch-tilebox with its `cli` extra, uv, and an index with `DEPENDENCIES`. The project is made for this, and its import is
heavy. A ratio is the median of those to a bare import right before, so that other load affects both. Exits with 1 if `run --watch`
misses the aim.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from tables import print_seconds

from hatch_tilebox.discovery.cache import DIRECTORY_VARIABLE
from hatch_tilebox.discovery.clean_environment import workflow_environment
from hatch_tilebox.discovery.environment import python_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEPENDENCIES = ["tilebox-workflows", "xarray", "scikit-learn", "matplotlib"]
FILES = {
    "pyproject.toml": f"""\
[project]
name = "inner-loop"
version = "1.0"
requires-python = ">=3.10"
dependencies = {DEPENDENCIES}

[tool.uv]
package = false
""",
    "tilebox.workflow.toml": """\
[workflow]
slug = "inner-loop"
runner = "runner:runner"

[build]
include = ["pyproject.toml", "uv.lock", "*.py"]
""",
    "runner.py": """\
import matplotlib.pyplot
import sklearn.ensemble
import xarray
from tilebox.workflows import ExecutionContext, Runner, Task


class Look(Task):
    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("here it is")


runner = Runner(tasks=[Look])
""",
}
LOGGED = "here it is"
IMPORT, WATCHED = "bare import", "`run --watch`, after an edit"


class Loop:
    """The project in `folder`, built once, with a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.project.mkdir()
        for name, text in FILES.items():
            (self.project / name).write_text(text)
        self.environment = {**os.environ, DIRECTORY_VARIABLE: str(folder / "cache")}
        subprocess.run(["uv", "lock", "--quiet"], cwd=self.project, check=True)
        self.finish("build")
        (self.entry,) = (folder / "cache" / "environments").glob("*/")
        (self.release,) = (self.project / "dist").glob("*.tbrelease")
        self._edits = 0

    def edit(self) -> None:
        self._edits += 1
        (self.project / "runner.py").write_text(f"{FILES['runner.py']}\n# {self._edits}\n")

    def bare_import(self) -> None:
        variables = workflow_environment(PYTHONPYCACHEPREFIX=str(self.entry / "bytecode"))
        command = [str(python_of(self.entry / "env")), "-c", "import runner"]
        subprocess.run(command, cwd=self.entry / "project", env=variables, check=True)

    def finish(self, *arguments: object) -> None:
        with self.started(*arguments):
            pass

    @contextmanager
    def started(self, *arguments: object, until: str = "") -> Iterator[subprocess.Popen[str]]:
        """A command that has printed `until`. At the end of the block, it is read to its end."""
        command = [sys.executable, "-m", "hatch_tilebox", *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=self.project, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        with process:
            if until:
                read_until(process, until)
            yield process
            process.communicate()


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read what the process prints, up to a line with `text`."""
    lines = []
    for line in process.stderr or ():
        lines.append(line)
        if text in line:
            return
    sys.exit(f"{text!r} was not printed:\n{''.join(lines)}")


class Times:
    """Seconds of each row, and their ratios to the import before."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.ratios: defaultdict[str, list[float]] = defaultdict(list)

    @contextmanager
    def row(self, name: str) -> Iterator[Callable[[], None]]:
        """Measure from here to the call of what the block gets."""
        began = perf_counter()
        self.loop.bare_import()
        imported = perf_counter() - began
        self.seconds[IMPORT].append(imported)
        self.ratios[IMPORT].append(1.0)

        def stop() -> None:
            seconds = perf_counter() - began
            self.seconds[name].append(seconds)
            self.ratios[name].append(seconds / imported)
            print(f"{name}: {seconds:.2f} s, import {imported:.2f} s", file=sys.stderr)

        began = perf_counter()
        yield stop


def one_round(loop: Loop, times: Times) -> None:
    """Measure each row once."""
    with loop.started("run", "--watch", until="Watching") as process:
        with times.row(WATCHED) as stop:
            loop.edit()
            read_until(process, LOGGED)
            stop()
        read_until(process, "Watching")
        process.send_signal(signal.SIGINT)
    with times.row("`run`, after an edit") as stop:
        loop.edit()
        with loop.started("run", until=LOGGED):
            stop()
    for words in (["run"], ["run", "--cold"]):
        with times.row(f"`{' '.join(words)} FILE`") as stop, loop.started(*words, loop.release, until=LOGGED):
            stop()
    for words in (["verify"], ["verify", "--cold"]):
        with times.row(f"`{' '.join(words)} FILE`") as stop:
            loop.finish(*words, loop.release)
            stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--aim", type=float, default=1.3, help="the largest ratio of run --watch")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        loop = Loop(Path(name).resolve())
        loop.bare_import()  # reads everything from the disk once
        times = Times(loop)
        for _ in range(arguments.rounds):
            one_round(loop, times)
    ratios = {row: statistics.median(values) for row, values in times.ratios.items()}
    print_seconds(times.seconds, ratios)
    sys.exit(ratios[WATCHED] > arguments.aim)


if __name__ == "__main__":
    main()
