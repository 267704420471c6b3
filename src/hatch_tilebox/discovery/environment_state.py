"""Whether a kept environment is as its installation left it. Tasks, crashes and people may have written into it since."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

PART_DEPTH = 4
"""Names in the path of a part, as in lib/python3.12/site-packages/numpy."""
BUILT = "project"
"""The part with the files that a build of the project wrote."""


def states_of(prefix: Path, built: Iterable[Path]) -> dict[str, str]:
    """Digests of paths, modes, sizes and times of the files below `prefix` and of the files `built`, by part of the environment.

    A part is a package or a file beside one. Bytecode does not count: Python compares it with its source. Inodes and their times do
    not count either: uv installs hard links into its cache, and each other environment changes them.
    """
    parts: dict[str, list[str]] = {}
    for path, status in _walk(str(prefix)):
        part = "/".join(path.split("/", PART_DEPTH)[:PART_DEPTH])
        parts.setdefault(part, []).append(_state(path, status))
    parts[BUILT] = [_state(str(path), path.lstat()) for path in built if os.path.lexists(path)]
    return {
        part: hashlib.sha256("\n".join(sorted(found)).encode("utf-8", "surrogateescape")).hexdigest()
        for part, found in parts.items()
    }


def changed_parts(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the parts that differ, sorted."""
    return tuple(sorted(part for part in before.keys() | now.keys() if before.get(part) != now.get(part)))


def _walk(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """The paths of all files below `folder` except bytecode, with `/`, and their status."""
    remaining = [(folder, "")]
    while remaining:
        place, inside = remaining.pop()
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        yield f"{inside}{entry.name}", entry.stat(follow_symlinks=False)
                    elif entry.name != "__pycache__":
                        remaining.append((entry.path, f"{inside}{entry.name}/"))
        except OSError:  # a part that cannot be read is not as it was
            yield inside, os.stat_result([0] * 10)


def _state(path: str, status: os.stat_result) -> str:
    return f"{path}:{status.st_mode}:{status.st_size}:{status.st_mtime_ns}"
