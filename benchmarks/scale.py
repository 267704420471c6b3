"""Measure how the cost of each step of a build grows, and its peak memory.

    python benchmarks/scale.py [--sizes 1 2 4] [--large 256 512 1024] [--rounds 3]

Four things grow, by the factors of `--sizes`: ignored files beside 200 selected ones (25,000 each), selected files in one folder
(1,250 each), packages in `uv.lock` (100 each), and one file (of `--large` MiB; it is sparse, so that a disk does not limit it).
Every step runs in a process of its own: the table has the best CPU time in milliseconds, the slope between the last two columns
(1 is linear), and the largest peak memory of a process, of which Python and its imports are the row `nothing`.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from selection import fill

from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.source import hash_files, read_small_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.model import Pattern, Project, ReleaseManifest, Task, Workflow
from hatch_tilebox.core.small_files import SmallFiles
from hatch_tilebox.core.uv_lock import read_lock
from hatch_tilebox.report.sizes import package_pieces
from hatch_tilebox.selection.release_files import check_files
from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.model import FileSet

INCLUDE = (Pattern("**"),)
MAX_SIZE = 2**40
PYPROJECT = '[project]\nname = "bench"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
SOURCE = "".join(f"def function_{number}(scene, band):\n    return scene[band] * {number}\n" for number in range(20))
LIMIT = 128


def ignored(root: Path, count: int) -> None:
    fill(root / "pkg", 200)
    fill(root / "data", count * 25_000)
    # Not the line `data/`, with which the folder would not even be opened.
    (root / ".gitignore").write_text("*.tmp\n/data/*/*/*.py\n")


def one_folder(root: Path, count: int) -> None:
    (root / "pkg").mkdir(parents=True)
    for number in range(count * 1250):
        (root / "pkg" / f"file{number}.py").write_text(SOURCE)


def large(root: Path, mebibytes: int) -> None:
    (root / "pkg").mkdir(parents=True)
    with (root / "pkg" / "large.bin").open("wb") as file:
        file.truncate(mebibytes * 2**20)


def lock(root: Path, count: int) -> None:
    """Write a lock of `count` hundred packages, each with twenty wheels, as many packages with extension modules have."""
    fill(root / "pkg", 100)
    names = [f"package-{number}" for number in range(count * 100)]
    with (root / "pyproject.toml").open("a") as file:
        file.write(f"dependencies = {json.dumps(names)}\n")
    systems = ("manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "win_amd64", "macosx_11_0_arm64", "macosx_10_9_x86_64")
    parts = ['version = 1\nrequires-python = ">=3.11"\n']
    for name in names:
        url, base = "https://files.pythonhosted.org/packages", name.replace("-", "_")
        wheels = "".join(
            f'    {{ url = "{url}/{base}-1.0.0-cp3{minor}-cp3{minor}-{system}.whl", hash = "sha256:{"0" * 64}", size = 1000 }},\n'
            for minor in (11, 12, 13, 14)
            for system in systems
        )
        source = '{ registry = "https://pypi.org/simple" }'
        parts.append(f'[[package]]\nname = "{name}"\nversion = "1.0.0"\nsource = {source}\nwheels = [\n{wheels}]\n')
    needs = "".join(f'    {{ name = "{name}" }},\n' for name in names)
    metadata = f"[package.metadata]\nrequires-dist = [\n{needs}]\n"
    source = '{ virtual = "." }'
    parts.append(f'[[package]]\nname = "bench"\nversion = "1.0"\nsource = {source}\ndependencies = [\n{needs}]\n\n{metadata}')
    (root / "uv.lock").write_text("\n".join(parts))


def nothing(_root: Path) -> None:
    """Import what the other steps need, and do nothing."""


def select(root: Path) -> None:
    select_files(root, INCLUDE, skip=[root / "out"])


def select_and_read(root: Path) -> tuple[FileSet, SmallFiles]:
    contents = SmallFiles()
    files = select_files(root, INCLUDE, skip=[root / "out"], contents=contents)
    return files, read_small_files(files, contents)


def check(root: Path) -> None:
    files, contents = select_and_read(root)
    list(check_files(files, max_size=MAX_SIZE, contents=contents))


def pack(root: Path) -> None:
    files, contents = select_and_read(root)
    entries = hash_files(files, contents)
    tasks = [Task("bench/Task", "v1.0")]
    manifest = ReleaseManifest.of(Workflow("bench", runner="a:b"), Project("bench", "1.0"), tasks, entries)
    write_archive(manifest, files, root / "out" / "bench-1.0.tbrelease", contents)


def read(root: Path) -> None:
    check_archive(root / "out" / "bench-1.0.tbrelease")


def read_the_lock(root: Path) -> None:
    read_lock(root / "uv.lock")


def packages(root: Path) -> None:
    package_pieces((root / "uv.lock").read_bytes(), ">=3.11")


CASES = {
    "ignored files": (ignored, (nothing, select, check, pack, read)),
    "files in one folder": (one_folder, (nothing, select, check, pack, read)),
    "MiB in one file": (large, (nothing, select, check, pack, read)),
    "packages in the lock": (lock, (nothing, read_the_lock, packages)),
}
UNITS = {"ignored files": 25_000, "files in one folder": 1250, "MiB in one file": 1, "packages in the lock": 100}


def run(step: str, root: Path) -> None:
    """Do one step, and print its CPU time and the peak memory of this process in bytes."""
    began = process_time()
    globals()[step](root)
    print(json.dumps([process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))


def measure(step: str, root: Path, rounds: int) -> tuple[float, float]:
    """Return the best CPU seconds of a step, and its largest peak memory in MiB."""
    results = []
    for _ in range(rounds):
        command = [sys.executable, __file__, "run", step, str(root)]
        results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return min(seconds for seconds, _ in results), max(memory for _, memory in results) / 2**20


def show(name: str, sizes: Sequence[int], rounds: int) -> bool:
    """Print the table of a case. Return whether no step needs more memory than `LIMIT`."""
    make, steps = CASES[name]
    peaks: dict[str, float] = {}
    times: dict[str, list[float]] = {step.__name__: [] for step in steps}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "pyproject.toml").write_text(PYPROJECT)
            make(root, size)
            for step, found in times.items():
                seconds, peak = measure(step, root, rounds)
                found.append(seconds)
                peaks[step] = max(peaks.get(step, 0.0), peak)
    columns = "".join(f"{size * UNITS[name]:>9}" for size in sizes)
    print(f"\n{name:<22}{columns}   slope   peak MiB")
    for step, found in times.items():
        slope = math.log(max(found[-1], 1e-4) / max(found[-2], 1e-4)) / math.log(sizes[-1] / sizes[-2])
        cells = "".join(f"{seconds * 1000:>9.1f}" for seconds in found)
        print(
            f"{step.replace('_', ' '):<22}{cells}{'' if step == 'nothing' else f'{slope:.2f}':>8}{peaks[step]:>11.0f}", flush=True
        )
    return all(peak <= LIMIT for peak in peaks.values())


def main() -> None:
    if sys.argv[1:2] == ["run"]:
        run(sys.argv[2], Path(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--large", type=int, nargs="+", default=[256, 512, 1024], metavar="MIB")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if min(len(options.sizes), len(options.large)) < 2:  # noqa: PLR2004 -- a slope needs two
        parser.error("name at least two sizes")
    whole = [show(name, options.large if name.startswith("MiB") else options.sizes, options.rounds) for name in CASES]
    if not all(whole):
        sys.exit(f"a step needs more than {LIMIT} MiB")


if __name__ == "__main__":
    main()
