"""What a release consists of by size: its files, and the packages that a runner downloads before the first start."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.runner_image import PYTHONS, pythons_for
from hatch_tilebox.core.uv_lock import LockedPackage, UvLock, parse_lock
from hatch_tilebox.project.platform_tags import best_wheel, marker_environment, tag_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hatch_tilebox.core.model import ReleaseManifest

ROOT_GROUP = "top level"
MACHINE = "x86_64"
_DEFAULT_GROUP = "dev"
"""The dependency group that `uv run` installs without being asked."""


@dataclass(frozen=True)
class Piece:
    """A part of a whole: its name, the group that it belongs to, and its size in bytes."""

    name: str
    group: str
    size: int


def file_pieces(manifest: ReleaseManifest) -> tuple[Piece, ...]:
    """Return the files of a release, largest first. The group of a file is its top-level folder."""
    return _sorted(
        Piece(file.path, file.path.partition("/")[0] if "/" in file.path else ROOT_GROUP, file.size) for file in manifest.files
    )


def package_pieces(lock: bytes, requires_python: str | None) -> tuple[Piece, ...] | None:
    """Return the packages that a runner installs, largest first, with the sizes of the files to download.

    The runner is on x86-64, with the newest Python of the official image that is supported. The group of a package is the direct
    dependency that needs it. Packages without a size in the lock are left out. None if `lock` is not a lock.
    """
    minor = int((pythons_for(requires_python) or PYTHONS)[-1].partition(".")[2])
    try:
        needed = _needed(parse_lock(lock.decode()), marker_environment(MACHINE, minor))
    except (AttributeError, ConfigError, LookupError, RecursionError, TypeError, UnicodeDecodeError):
        return None
    return _sorted(
        Piece(f"{package.name} {package.version}".strip(), needed_by, size)
        for package, needed_by in needed
        if not package.is_project and (size := _download_size(package, minor))
    )


def _sorted(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(sorted(pieces, key=lambda piece: (-piece.size, piece.name)))


def _needed(lock: UvLock, environment: Mapping[str, str]) -> list[tuple[LockedPackage, str]]:
    """Return the packages that the project needs, each with the direct dependency that needs it, on the shortest way.

    Extras of the project are not installed, its dependency group `dev` is, as `uv run` does.
    """
    entries = lock.values.get("package", [])
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, package in enumerate(lock.packages):
        places[package.name].append(place)
    found: dict[int, str] = {}
    seen: set[tuple[int, tuple[str, ...]]] = set()
    waiting: deque[tuple[int, tuple[str, ...], str]] = deque(
        (place, (), "") for place, package in enumerate(lock.packages) if package.is_project
    )
    while waiting:
        place, extras, needed_by = waiting.popleft()
        if (place, extras) in seen:
            continue
        seen.add((place, extras))
        package = lock.packages[place]
        found.setdefault(place, needed_by or package.name)
        for dependency in _dependencies(entries[place], extras, group=package.is_project):
            if _counts(dependency.get("marker"), environment):
                for target in places[dependency["name"]]:
                    other = lock.packages[target]
                    if dependency.get("version", other.version) == other.version:
                        waiting.append((target, tuple(sorted(dependency.get("extra", ()))), needed_by or other.name))
    return [(lock.packages[place], needed_by) for place, needed_by in found.items()]


def _dependencies(entry: Mapping[str, Any], extras: Iterable[str], *, group: bool) -> Iterator[Mapping[str, Any]]:
    """Yield the dependencies of a package with these extras, and those of its default group."""
    yield from entry.get("dependencies", [])
    for extra in extras:
        yield from entry.get("optional-dependencies", {}).get(extra, [])
    if group:
        yield from entry.get("dev-dependencies", {}).get(_DEFAULT_GROUP, [])


def _counts(marker: str | None, environment: Mapping[str, str]) -> bool:
    try:
        return marker is None or Marker(marker).evaluate({**environment})
    except (InvalidMarker, UndefinedEnvironmentName):
        return True


def _download_size(package: LockedPackage, minor: int) -> int | None:
    """Return the size of the file to download, None if the lock does not have it."""
    best = best_wheel([wheel.name for wheel in package.wheels], tag_order(MACHINE, minor))
    file = next((wheel for wheel in package.wheels if wheel.name == best), package.sdist)
    return file.size if file else None
