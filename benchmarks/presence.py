"""Measure the cost of the build hook in builds without a release: editable builds, and sdists.

    uv run benchmarks/presence.py [ROUNDS]

Method: one environment with hatchling, editables, this package and a plugin whose hook does nothing; one project in three
variants: without a hook, with the hook that does nothing, and with the hook of hatch-tilebox. Each round starts a new
interpreter for each variant, in turn, and measures one build with the CPU clock of the process, imports included. The output
has medians of the rounds, and medians of the differences of each round. Hatchling looks for plugins as soon as a project uses
one: "plugin" is the cost of this, and "ours" is what hatch-tilebox adds.
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
PLUGIN = """
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

class IdleHook(BuildHookInterface):
    PLUGIN_NAME = "idle"

@hookimpl
def hatch_register_build_hook():
    return IdleHook
"""
PLUGIN_PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "hatch-idle"
version = "1"
[project.entry-points.hatch]
idle = "hatch_idle"
[tool.hatch.build.targets.wheel]
only-include = ["hatch_idle.py"]
"""
HOOK = "[tool.hatch.build.hooks.tilebox]"
HOOKS = {"plain": "", "idle": HOOK.replace("tilebox", "idle"), "ours": HOOK}


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder))
        projects = [project(Path(folder, name), hook) for name, hook in HOOKS.items()]
        print(f"{'build':16} {'no hook':>8} {'plugin':>8} {'ours':>8}   (CPU milliseconds, {rounds} rounds)")
        for name, build in (("editable", "build_editable"), ("sdist", "build_sdist")):
            times = [[seconds(python, one, build) * 1000 for one in projects] for _ in range(rounds)]
            without = statistics.median(plain for plain, _, _ in times)
            plugin = statistics.median(idle - plain for plain, idle, _ in times)
            hook = statistics.median(ours - idle for _, idle, ours in times)
            print(f"{name:16} {without:8.1f} {plugin:+8.1f} {hook:+8.1f}")


def environment(folder: Path, extras: str = "") -> Path:
    plugin = folder / "plugin"
    plugin.mkdir()
    (plugin / "pyproject.toml").write_text(PLUGIN_PROJECT)
    (plugin / "hatch_idle.py").write_text(PLUGIN)
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True)
    python = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    package = f"hatch-tilebox[{extras}] @ {ROOT.as_uri()}"
    subprocess.run(
        ["uv", "pip", "install", "--quiet", "--compile-bytecode", "-p", python, package, plugin, "editables"], check=True
    )
    return python


def project(folder: Path, hook: str) -> Path:
    source = ROOT / "test_projects" / "src_layout"
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and ".venv" not in path.parts:
            target = folder / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    pyproject = folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(HOOK, hook))
    return folder


def seconds(python: Path, folder: Path, build: str) -> float:
    return float(
        subprocess.run([python, "-c", BUILD, folder, build], check=True, capture_output=True, text=True).stdout.split()[-1]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
