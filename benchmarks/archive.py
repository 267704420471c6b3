"""Measure how fast a release is packed, and the size of each compression level. Prints ratios, which other machines can compare.

    python benchmarks/archive.py speed [--files 20000] [--rounds 5]
    python benchmarks/archive.py levels NAME=FOLDER...

`speed` creates a tree of small Python files, tracked by git, and packs it in three ways in turn, each in a new process:
hatch-tilebox (`benchmarks/pack.py`: select, read, check, hash, write), hatchling's sdist, and a shell pipeline of git, sort, tar
and zstd. It compares the best time of each. Then it packs the tree in its own process and prints the time of each step.

`levels` packs the files of each folder into one tar stream and compresses it with every level, for the table in
docs/reference/format.md.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from pack import INCLUDE, pack
from presence import environment

from hatch_tilebox.archive import layout, writer
from hatch_tilebox.archive.source import CHUNK, read_chunks
from hatch_tilebox.archive.zstd import CompressionParameter, ZstdCompressor, ZstdDecompressor
from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from hatch_tilebox.core.model import FileSet

LEVELS = (1, 2, 3, 4, 5, 6, 7, 9, 12, 15, 19)
WINDOWS = (19, 21, 23)
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "many-files"
version = "1.0"
"""
WORDS = (
    *("scene", "band", "tile", "mask", "cloud", "cover", "index", "path", "task", "runner", "submit", "read", "write", "raster"),
    *("self", "None", "return", "import", "from", "def", "class", "for", "in", "if", "else", "not", "with", "as", "try", "raise"),
    *("sensor", "granule", "product", "level", "region", "window", "dtype", "nodata", "array", "float", "except", "yield"),
)


def make_tree(root: Path, count: int) -> None:
    """Write `count` files of about 1.5 KB, forty in a folder, always with the same content."""
    source = random.Random(20)
    for number in range(count):
        folder = root / f"package_{number // 2000:02}" / f"module_{number // 40 % 50:02}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = (
            " " * 4 * source.randrange(3) + " ".join(source.choices(WORDS, k=source.randint(2, 9))) + f"  # {source.random()}"
            for _ in range(source.randint(5, 50))
        )
        (folder / f"part_{number:05}.py").write_text("\n".join(lines) + "\n")
    (root / "pyproject.toml").write_text(PYPROJECT)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=root, check=True)


def cpu_of_children() -> float:
    """Return the CPU seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def speed(count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        root, out = Path(temporary, "project"), Path(temporary, "out")
        out.mkdir()
        make_tree(root, count)
        python = environment(Path(temporary))
        shell = f"git ls-files -z | sort -z | tar --no-recursion --null -T - -cf - | zstd -3 -q -f -o {out}/shell.tar.zst"
        ways = {
            "hatch-tilebox": [python, Path(__file__).with_name("pack.py"), root, out / "ours.tbrelease"],
            "hatchling sdist": [python, "-m", "hatchling", "build", "-t", "sdist", "-d", out],
            "git, sort, tar, zstd": ["sh", "-c", shell],
        }
        best, best_cpu = dict.fromkeys(ways, float("inf")), dict.fromkeys(ways, float("inf"))
        for _ in range(rounds):
            for name, command in ways.items():
                began, began_cpu = perf_counter(), cpu_of_children()
                subprocess.run(command, cwd=root, check=True, capture_output=True)
                best[name] = min(best[name], perf_counter() - began)
                best_cpu[name] = min(best_cpu[name], cpu_of_children() - began_cpu)
        ours = best["hatch-tilebox"]
        print(f"{count} files; best of {rounds} rounds\n")
        for name, seconds in best.items():
            cpu = f"CPU {best_cpu[name]:.3f} s   {best_cpu[name] / best_cpu['hatch-tilebox']:5.2f} times ours"
            print(f"{name:22}{seconds:8.3f} s   {seconds / ours:5.2f} times ours   {cpu}")
        laps = [pack(root, out / "ours.tbrelease") for _ in range(rounds)]
        print("\nin one process: " + ", ".join(f"{name} {min(times[name] for times in laps):.3f} s" for name in laps[0]))
        files = select_files(root, INCLUDE)
        began = perf_counter()
        stream = tar_stream(files)
        read = perf_counter() - began
        began = perf_counter()
        compress(stream, {CompressionParameter.compression_level: writer.LEVEL, CompressionParameter.window_log: writer.WINDOW_LOG})
        print(f"of which, measured alone: open and read the files {read:.3f} s, compress {perf_counter() - began:.3f} s")


def levels(trees: list[str]) -> None:
    for tree in trees:
        name, _, folder = tree.partition("=")
        stream = tar_stream(select_files(Path(folder).resolve(), INCLUDE))
        print(f"\n{name}: {len(stream)} bytes of tar\n")
        print("| level | window | bytes | of level 3 | compress MB/s | decompress MB/s |")
        print("| --- | --- | --- | --- | --- | --- |")
        rows = [(level, writer.WINDOW_LOG) for level in LEVELS] + [
            (writer.LEVEL, log) for log in WINDOWS if log != writer.WINDOW_LOG
        ]
        base = len(compress(stream, {CompressionParameter.compression_level: 3})[0])
        for level, log in rows:
            options = {CompressionParameter.compression_level: level, CompressionParameter.window_log: log}
            packed, seconds = compress(stream, options)
            began = perf_counter()
            ZstdDecompressor().decompress(packed)
            back = perf_counter() - began
            mb = len(stream) / 1e6
            print(f"| {level} | 2^{log} | {len(packed)} | {len(packed) / base:.0%} | {mb / seconds:.0f} | {mb / back:.0f} |")


def tar_stream(files: FileSet) -> bytes:
    parts = []
    for file in files.files:
        parts += [layout.member_header(file.path, file.size, file.mode, "0" * 64), *read_chunks(file), layout.padding(file.size)]
    return b"".join([*parts, layout.END])


def compress(stream: bytes, options: dict[int, int]) -> tuple[bytes, float]:
    """Return the compressed frame, and the best of three times for streams that are small enough to repeat."""
    best = float("inf")
    packed = b""
    for _ in range(3 if len(stream) < 10 * CHUNK else 1):
        began = perf_counter()
        compressor = ZstdCompressor(options={**options, CompressionParameter.checksum_flag: 1})
        compressor.set_pledged_input_size(len(stream))
        parts = [compressor.compress(stream[start : start + CHUNK]) for start in range(0, len(stream), CHUNK)]
        packed = b"".join([*parts, compressor.flush()])
        best = min(best, perf_counter() - began)
    return packed, best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    of_speed = commands.add_parser("speed")
    of_speed.add_argument("--files", type=int, default=20_000)
    of_speed.add_argument("--rounds", type=int, default=5)
    commands.add_parser("levels").add_argument("trees", nargs="+", metavar="NAME=FOLDER")
    arguments = parser.parse_args()
    if arguments.command == "speed":
        missing = [tool for tool in ("git", "tar", "zstd") if not shutil.which(tool)]
        if missing:
            parser.error(f"speed compares with {', '.join(missing)}, which is not installed")
        speed(arguments.files, arguments.rounds)
    else:
        levels(arguments.trees)


if __name__ == "__main__":
    main()
