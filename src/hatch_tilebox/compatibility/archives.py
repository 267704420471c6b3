"""Two archives compared: tasks, files, locked dependencies, and whether the newer one may follow the older one."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from hatch_tilebox.archive.reader import open_archive, read_manifest
from hatch_tilebox.compatibility.releases import compare_packages, compare_releases
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.core.uv_lock import parse_lock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from hatch_tilebox.compatibility.releases import Comparison, FileChange, PackageChange
    from hatch_tilebox.core.model import ReleaseManifest

__all__ = ["Difference", "compare_archives", "locked_packages"]

LOCK = "uv.lock"
LARGEST_TEXT = 1 << 20
"""Bytes of a file whose lines are compared."""
LARGEST_LOCK = 64 << 20


@dataclass(frozen=True)
class Difference:
    """What changed from one release to another.

    `packages` is None where it cannot be told, which `doubts` explain. `texts` are unified diffs of changed files by path, where
    they were asked for; "" for a file that is no text or too large.
    """

    old: ReleaseManifest
    new: ReleaseManifest
    comparison: Comparison
    packages: tuple[PackageChange, ...] | None
    texts: Mapping[str, str]
    doubts: tuple[Problem, ...]


def compare_archives(old: Path, new: Path, *, texts: bool = False, progress: Progress | None = None) -> Difference:
    """Compare the archives `old` and `new`, both checked to their end. `texts` asks for the changed lines of text files.

    Raises ArchiveError where one of them is refused.
    """
    progress = progress or Progress()
    progress.started("Reading the releases")
    began = perf_counter()
    before, after = read_manifest(old), read_manifest(new)
    comparison = compare_releases(before, after)
    wanted = {change.path for change in comparison.files if _is_small(change)} if texts else set()
    contents = [_read(path, {LOCK, *wanted}) for path in (old, new)]
    progress.finished(f"{old.name} and {new.name}", seconds=perf_counter() - began)
    doubts = []
    if before.workflow.slug != after.workflow.slug:
        message = f"these are releases of two workflows, {before.workflow.slug} and {after.workflow.slug}"
        doubts.append(Problem(message, "no job moves from one workflow to another"))
    packages = []
    for path, found in zip((old, new), contents, strict=True):
        locked = locked_packages(found[LOCK]) if LOCK in found else None
        if locked is None:
            reason = "cannot be read" if LOCK in found else "is not in the release"
            doubts.append(Problem(f"{LOCK} {reason}, so that dependencies cannot be compared", location=Location(str(path))))
        else:
            packages.append(locked)
    return Difference(
        before,
        after,
        comparison,
        compare_packages(*packages) if len(packages) == len(contents) else None,
        {change.path: _changed_lines(change, *contents) for change in comparison.files} if texts else {},
        tuple(doubts),
    )


def locked_packages(data: bytes) -> dict[str, list[str]] | None:
    """Versions of each package in a `uv.lock`, those from elsewhere than an index with their source; None where it is no lock.

    The project itself, which its lock file names too, is left out.
    """
    try:
        lock = parse_lock(data.decode())
    except (ConfigError, UnicodeDecodeError):
        return None
    found: dict[str, list[str]] = {}
    for package in lock.packages:
        if not package.is_project:
            version = package.version
            version = version if package.kind == "registry" else f"{version} ({package.kind} {package.source})".strip()
            found.setdefault(package.name, []).append(version)
    return found


def _read(path: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The contents of the `wanted` files in the archive `path`, as far as they are there; all of it is checked."""
    found = {}
    with open_archive(path) as archive:
        for entry, chunks in archive.members():
            if entry.path in wanted and entry.size <= LARGEST_LOCK:
                found[entry.path] = b"".join(chunks)
    return found


def _is_small(change: FileChange) -> bool:
    return all(entry is None or entry.size <= LARGEST_TEXT for entry in (change.old, change.new))


def _changed_lines(change: FileChange, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """A unified diff, "" where a side is no text or too large."""
    if not _is_small(change):
        return ""
    try:
        before, after = (content.get(change.path, b"").decode().splitlines() for content in (old, new))
    except UnicodeDecodeError:
        return ""
    return "\n".join(difflib.unified_diff(before, after, f"old/{change.path}", f"new/{change.path}", lineterm=""))
