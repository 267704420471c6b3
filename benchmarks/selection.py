"""Measure how long the selection takes, compared with git and hatchling, on one tree and in one run.

The tree has 20,000 sources in 200 folders, and an ignored environment of 100,000 files. All three select the same files by the
same rules: `git ls-files --cached --others --exclude-standard`, hatchling's `recurse_included_files` for an sdist, and
`select_files`, which also reads the size and mode of each file. They run in turn, and the best time of each is used. Compare
ratios between machines, not times. A second table increases only the number of ignored files.

    python benchmarks/selection.py [--wanted 20000] [--ignored 100000] [--rounds 15]
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from hatchling.builders.sdist import SdistBuilder

from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from collections.abc import Callable

IGNORED = "__pycache__/\n*.log\n*.tmp\n.env\n/build/\n/dist/\n.venv/\n"
INCLUDES = {"pkg/**": "/pkg/**", "**/*.py": "**/*.py"}


def make_tree(root: Path, wanted: int, ignored: int) -> None:
    """Write `wanted` sources under `pkg` and `ignored` files under `.venv`, a hundred in a folder."""
    root.mkdir()
    (root / ".gitignore").write_text(IGNORED)
    (root / "pyproject.toml").write_text('[project]\nname = "bench"\nversion = "1.0"\n')
    fill(root / "pkg", wanted)
    fill(root / ".venv", ignored)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)


def fill(root: Path, count: int) -> None:
    for start in range(0, count, 100):
        folder = root / f"part{start // 2000}" / f"module{start // 100}"
        folder.mkdir(parents=True)
        for number in range(start, min(start + 100, count)):
            (folder / f"file{number}.py").touch()


def with_git(root: Path, include: str) -> int:
    """List files with git and a pathspec, because git has no include patterns."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f":(glob){include}"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True).stdout.count(b"\0")


def with_hatchling(root: Path, include: str) -> int:
    sdist = {"include": [INCLUDES[include]], "exclude": ["**/*.orig"]}
    config = {"project": {"name": "bench", "version": "1.0"}, "tool": {"hatch": {"build": {"targets": {"sdist": sdist}}}}}
    return len(list(SdistBuilder(str(root), config=config).recurse_included_files()))


def with_us(root: Path, include: str) -> int:
    return len(select_files(root, [Pattern(include)], [Pattern("**/*.orig")]).files)


def measure(rounds: int, *runs: Callable[[], int]) -> tuple[list[float], int]:
    """Return the best time of each run in seconds, and the number of files of the last run."""
    best = [float("inf")] * len(runs)
    count = 0
    for _ in range(rounds):
        for i, run in enumerate(runs):
            gc.collect()
            began = perf_counter()
            count = run()
            best[i] = min(best[i], perf_counter() - began)
    return best, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wanted", type=int, default=20_000)
    parser.add_argument("--ignored", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "full")
        make_tree(root, options.wanted, options.ignored)
        print(f"{options.wanted} wanted files, {options.ignored} ignored, best of {options.rounds}\n")
        print(f"{'include':<10} {'files':>7} {'git':>9} {'hatchling':>10} {'ours':>9} {'ours/hatchling':>15} {'ours/git':>9}")
        for include in INCLUDES:
            runs = [lambda tool=tool, include=include: tool(root, include) for tool in (with_git, with_hatchling, with_us)]
            (git, hatchling, ours), count = measure(options.rounds, *runs)
            times = f"{git * 1000:6.0f} ms {hatchling * 1000:7.0f} ms {ours * 1000:6.0f} ms"
            print(f"{include:<10} {count:>7} {times} {ours / hatchling:>15.2f} {ours / git:>9.1f}")
        roots = {ignored: Path(folder, str(ignored)) for ignored in (0, options.ignored // 10)}
        for ignored, path in roots.items():
            make_tree(path, options.wanted, ignored)
        roots[options.ignored] = root
        times, _ = measure(options.rounds, *[lambda path=path: with_us(path, "**/*.py") for path in roots.values()])
        print(f"\n{'ignored':>8} {'ours':>9} {'ratio':>6}")
        for ignored, seconds in zip(roots, times, strict=True):
            print(f"{ignored:>8} {seconds * 1000:6.0f} ms {seconds / times[0]:>6.2f}")


if __name__ == "__main__":
    main()
