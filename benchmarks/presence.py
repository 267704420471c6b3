"""What our hook costs where it has nothing to build: editable builds, and sdists.

    uv run benchmarks/presence.py [ROUNDS]

Method: one environment with hatchling, editables and this package; one project, once with our hook's table and once without. Each
round starts a fresh interpreter for either, in turn, and times one build in it with the process's own CPU clock, imports included.
The figures are medians of the rounds, and the median of the differences pair by pair.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILD = """
import os, sys, tempfile, time
import hatchling.build
os.chdir(sys.argv[1])
build = getattr(hatchling.build, sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    start = time.process_time()
    build(folder)
    print(time.process_time() - start)
"""
HOOK = "[tool.hatch.build.hooks.tilebox]"


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder))
        ours, plain = (project(Path(folder, name), hook=hook) for name, hook in (("ours", True), ("plain", False)))
        print(f"{'build':16} {'plain':>9} {'with hook':>9} {'difference':>10}   (CPU milliseconds, {rounds} rounds)")
        for build in ("build_editable", "build_sdist"):
            pairs = [(seconds(python, plain, build), seconds(python, ours, build)) for _ in range(rounds)]
            without, with_hook = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
            difference = statistics.median(b - a for a, b in pairs) * 1000
            print(f"{build:16} {without:9.1f} {with_hook:9.1f} {difference:10.1f}")


def environment(folder: Path) -> Path:
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True)
    python = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run(["uv", "pip", "install", "--quiet", "--compile-bytecode", "-p", python, ROOT, "editables"], check=True)
    return python


def project(folder: Path, *, hook: bool) -> Path:
    source = ROOT / "test_projects" / "src_layout"
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and ".venv" not in path.parts:
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    if not hook:
        pyproject = folder / "pyproject.toml"
        pyproject.write_text(pyproject.read_text().replace(HOOK, ""))
    return folder


def seconds(python: Path, folder: Path, build: str) -> float:
    return float(
        subprocess.run([python, "-c", BUILD, folder, build], check=True, capture_output=True, text=True).stdout.split()[-1]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
