"""Measure how long the command line takes to start, compared with Python alone.

    python benchmarks/startup.py

Needs hatch-tilebox with its `cli` extra in the environment of the interpreter. Each command runs 40 times, in turn, so that
other load affects all of them; the fastest run is used. The goal is less than 3 times `python -c pass` for `--version`, and
less than 5 times for `--help`.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path
from time import perf_counter

ROUNDS = 40
AIMS = {"--version": 3.0, "--help": 5.0}


def seconds(command: list[str]) -> float:
    began = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - began


def main() -> None:
    program = str(Path(sysconfig.get_path("scripts"), "hatch-tilebox"))
    commands = {"python -c pass": [sys.executable, "-c", "pass"], **{option: [program, option] for option in AIMS}}
    for command in commands.values():
        seconds(command)  # writes bytecode
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(ROUNDS):
        for name, command in commands.items():
            best[name] = min(best[name], seconds(command))
    base = best["python -c pass"]
    print(f"Python {sys.version.split()[0]}, {sys.platform}")
    print(f"{'':16} {'ms':>6} {'ratio':>6} {'aim':>5}")
    failed = False
    for name, time in best.items():
        ratio = time / base
        failed |= ratio > AIMS.get(name, 1.0)
        print(f"{name:16} {time * 1000:6.1f} {ratio:6.2f} {AIMS.get(name, 1.0):5.1f}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
