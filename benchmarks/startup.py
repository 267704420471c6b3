"""Measure what hatch-tilebox costs where it does little: the start of the command line, completion, and builds without a release.

    uv run benchmarks/startup.py [ROUNDS]

Method: a new environment with hatchling, editables, this package with its `cli` extra, and a plugin whose hook does nothing; all
with bytecode. In each round, every command and build starts once, in turn, so that other load affects all of them. All times are
those of the CPU, in the process and the system: these commands wait for nothing, so it is also how long they take on an idle
machine. Builds are compared with the same project without a plugin and with the idle plugin: hatchling looks for plugins as soon
as a project uses one, so "ours" is what hatch-tilebox adds to any plugin. The table has the smallest time of commands, and the
median of the differences of builds. The exit code is 1 if an aim is missed. Not for Windows.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from presence import HOOKS, environment, project, seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = "python -c pass"
RATIOS = {"--version": 1.5, "--help": 3.0}
"""The longest time of a command, as a multiple of `python -c pass`."""
COMPLETED = ("deploy --target ", "publish --to t", "build --max", "run x --task ")
COMPLETION_LIMIT = 100.0
"""The longest time of a completion in milliseconds."""
BUILDS = {"editable": ("build_editable", 10.0), "sdist": ("build_sdist", 25.0)}
"""The most that hatch-tilebox may add to a build, in milliseconds of the CPU."""


def main(rounds: int) -> int:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        python = environment(folder, extras="cli")
        projects = {hook: project(folder / hook, text) for hook, text in HOOKS.items()}
        program = str(python.with_name("hatch-tilebox"))
        commands = {BASE: [str(python), "-c", "pass"], **{option: [program, option] for option in RATIOS}}
        times: dict[str, list[float]] = {}
        for _ in range(rounds + 1):  # the first round only warms up
            for label, command in commands.items():
                times.setdefault(label, []).append(cpu(command, folder))
            for line in COMPLETED:
                times.setdefault(f"completion of `{line}`", []).append(cpu([program], projects["ours"], completing(line)))
            for label, (build, _) in BUILDS.items():
                plain, idle, ours = (seconds(python, projects[hook], build) * 1000 for hook in ("plain", "idle", "ours"))
                for key, value in (("without a plugin", plain), ("any plugin adds", idle - plain), ("ours adds", ours - idle)):
                    times.setdefault(f"{label}: {key}", []).append(value)
    return report({label: values[1:] for label, values in times.items()})


def report(times: dict[str, list[float]]) -> int:
    """Print the table, and return how many aims are missed."""
    base = min(times[BASE])
    missed = 0
    print(f"Python {sys.version.split()[0]}, {sys.platform}, {os.cpu_count()} processors\n")
    print("| | ms | times `python -c pass` | aim |\n|---|---|---|---|")
    for label, values in times.items():
        build = ": " in label and not label.startswith("completion")
        measured = statistics.median(values) if build else min(values)
        aim, fits = "", True
        if label in RATIOS:
            aim, fits = f"{RATIOS[label]} times", measured <= RATIOS[label] * base
        elif label.startswith("completion"):
            aim, fits = f"{COMPLETION_LIMIT:.0f} ms", measured <= COMPLETION_LIMIT
        elif label.endswith("ours adds"):
            limit = BUILDS[label.partition(":")[0]][1]
            aim, fits = f"{limit:.0f} ms", measured <= limit
        missed += not fits
        print(f"| {label} | {measured:.1f} | {'' if build else f'{measured / base:.2f}'} | {aim}{'' if fits else ' (missed)'} |")
    return missed


def completing(line: str) -> dict[str, str]:
    """The variables with which bash asks for a completion."""
    words = f"hatch-tilebox {line}"
    return {"_HATCH_TILEBOX_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}


def cpu(command: Sequence[str], folder: Path, variables: dict[str, str] | None = None) -> float:
    """The milliseconds that the processors work for a command, in the process and the system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env={**os.environ, **(variables or {})}, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else 20) else 0)
