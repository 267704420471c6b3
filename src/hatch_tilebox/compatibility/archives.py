"""Compare two archives: tasks, files, locked dependencies, and whether the newer one can replace the older one."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.archive.reader import open_archive, read_manifest
from hatch_tilebox.archive.sbom import sbom_beside
from hatch_tilebox.compatibility.releases import compare_packages, compare_releases
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ArchiveError, ConfigError, Location, Problem
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.core.uv_lock import parse_lock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.archive.reader import Archive
    from hatch_tilebox.compatibility.releases import Comparison, FileChange, PackageChange
    from hatch_tilebox.core.model import ReleaseManifest


LARGEST_TEXT = 1 << 20
"""Bytes of a file whose lines are compared."""
LARGEST_LOCK = 64 << 20


@dataclass(frozen=True)
class Difference:
    """The changes from one release to another.

    `packages` are those of the SBOMs beside the archives if both have one, else those of the lock files in them: `packages_from` is
    "sbom" or "lock". Both are None if they are not known, for a reason in `warnings`. `texts` has a unified diff for the path of
    each changed file if that was asked for; it is "" for a file that is not text or is too large.
    """

    old: ReleaseManifest
    new: ReleaseManifest
    comparison: Comparison
    packages: tuple[PackageChange, ...] | None
    packages_from: Literal["sbom", "lock"] | None
    texts: Mapping[str, str]
    warnings: tuple[Problem, ...]


def compare_archives(old: Path, new: Path, *, texts: bool = False, progress: Progress | None = None) -> Difference:
    """Compare the archives `old` and `new` and check both completely. With `texts`, include the changed lines of text files.

    Raises ArchiveError if one of them is refused.
    """
    progress = progress or Progress()
    progress.started("Reading the releases")
    before, after = read_manifest(old), read_manifest(new)
    comparison = compare_releases(before, after)
    wanted = {LOCK_NAME, *(change.path for change in comparison.files if texts)}
    archives, contents = zip(*(read_contents(path, wanted) for path in (old, new)), strict=True)
    progress.finished(f"{old.name} and {new.name}")
    warnings: list[Problem] = []
    if before.workflow.slug != after.workflow.slug:
        message = f"these are releases of two workflows, {before.workflow.slug} and {after.workflow.slug}"
        warnings.append(Problem(message, "jobs do not move from one workflow to another", code="TBX406"))
    packages, packages_from = _packages((old, new), contents, [archive.sha256 for archive in archives], warnings)
    return Difference(
        before,
        after,
        comparison,
        packages,
        packages_from,
        {change.path: _changed_lines(change, *contents) for change in comparison.files} if texts else {},
        tuple(warnings),
    )


def _packages(
    paths: Sequence[Path], contents: Sequence[Mapping[str, bytes]], digests: Sequence[str], warnings: list[Problem]
) -> tuple[tuple[PackageChange, ...], Literal["sbom", "lock"]] | tuple[None, None]:
    """Return the changes of packages, and where they are from. What cannot be used is added to `warnings`."""
    sboms = [_listed_packages(path, digest, warnings) for path, digest in zip(paths, digests, strict=True)]
    if None not in sboms:
        return compare_packages(*(sbom or {} for sbom in sboms)), "sbom"
    locks = []
    for path, found in zip(paths, contents, strict=True):
        locked = locked_packages(found[LOCK_NAME]) if LOCK_NAME in found else None
        if locked is None:
            reason = "cannot be read" if LOCK_NAME in found else "is not in the release"
            message = f"{LOCK_NAME} {reason}, so dependencies cannot be compared"
            warnings.append(Problem(message, location=Location(str(path)), code="TBX406"))
        else:
            locks.append(locked)
    return (compare_packages(*locks), "lock") if len(locks) == len(paths) else (None, None)


def _listed_packages(archive: Path, digest: str, warnings: list[Problem]) -> dict[str, list[str]] | None:
    """Return the packages of the SBOM beside an archive, None without one that can be used."""
    try:
        sbom = sbom_beside(archive, digest)
    except ArchiveError as error:
        warnings.extend(error.problems)
        return None
    return None if sbom is None else sbom.versions()


def locked_packages(data: bytes) -> dict[str, list[str]] | None:
    """Return the versions of each package in a `uv.lock`, or None if it is not a lock.

    A version that does not come from an index has its source beside it. The project itself is left out.
    """
    found: dict[str, list[str]] = {}
    try:
        packages = parse_lock(data.decode()).packages
    except (ConfigError, RecursionError, UnicodeDecodeError):
        return None
    for package in packages:
        if not package.is_project:
            source = "" if package.kind == "registry" else f"({package.kind} {package.source})"
            found.setdefault(package.name, []).append(f"{package.version} {source}".strip())
    return found


def read_contents(path: Path, wanted: Collection[str]) -> tuple[Archive, dict[str, bytes]]:
    """Return an archive, which is checked completely, and the contents of those `wanted` files in it that are not too large."""
    found = {}
    with open_archive(path) as archive:
        for entry, chunks in archive.members():
            if entry.path in wanted and entry.size <= (LARGEST_LOCK if entry.path == LOCK_NAME else LARGEST_TEXT):
                found[entry.path] = b"".join(chunks)
    return archive, found


def _is_small(change: FileChange) -> bool:
    return all(entry is None or entry.size <= LARGEST_TEXT for entry in (change.old, change.new))


def _changed_lines(change: FileChange, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """Return a unified diff, or "" if one of the files is not text or is too large."""
    if not _is_small(change):
        return ""
    try:
        before, after = (content.get(change.path, b"").decode().splitlines() for content in (old, new))
    except UnicodeDecodeError:
        return ""
    return "\n".join(difflib.unified_diff(before, after, f"old/{change.path}", f"new/{change.path}", lineterm=""))
