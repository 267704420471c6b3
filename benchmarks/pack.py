"""Pack a project as a build does whose tasks are in the cache. It imports what such a build imports, and nothing else.

python benchmarks/pack.py PROJECT DESTINATION

The collector of garbage is off, as it is in the process of a build (see `frontends/application.py`).
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from time import perf_counter

from hatch_tilebox.archive.source import hash_files, read_small_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.model import Pattern, Project, ReleaseManifest, Task, Workflow
from hatch_tilebox.core.small_files import SmallFiles
from hatch_tilebox.selection.release_files import check_files
from hatch_tilebox.selection.select import select_files

INCLUDE = (Pattern("**"),)


def pack(root: Path, destination: Path) -> dict[str, float]:
    """Do all steps but reading the configuration and the cache. Return the seconds of each step."""
    times, began = {}, perf_counter()

    def lap(name: str) -> None:
        nonlocal began
        now = perf_counter()
        times[name], began = now - began, now

    contents = SmallFiles()
    files = select_files(root, INCLUDE, contents=contents)
    read_small_files(files, contents)
    lap("select and read")
    checks = check_files(files, contents=contents)
    next(checks)
    lap("check")
    entries = hash_files(files, contents)
    lap("hash")
    tasks = [Task("many/Files", "v1.0")]
    manifest = ReleaseManifest.of(Workflow("many-files", runner="a:b"), Project("many-files", "1.0"), tasks, entries)
    write_archive(manifest, files, destination, contents, checks)
    lap("search for secrets and write")
    return times


if __name__ == "__main__":
    gc.disable()
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
    gc.freeze()
