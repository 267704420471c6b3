"""The packages in a `uv.lock` that a release runner on Linux installs, and which direct dependency needs each of them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.runner_image import PYTHONS, pythons_for
from hatch_tilebox.core.toml_document import parse_toml
from hatch_tilebox.core.uv_lock import LockedPackage, parse_lock
from hatch_tilebox.project.platform_tags import best_wheel, marker_environment, tag_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MACHINE = "x86_64"
_DEFAULT_GROUP = "dev"
"""The dependency group that `uv run` installs without being asked."""


@dataclass(frozen=True)
class InstalledPackage:
    """A package that a runner installs. `size` is that of the file to download, None if the lock does not have it.

    `needed_by` is the direct dependency of the project that needs it, on the shortest way.
    """

    name: str
    version: str
    size: int | None
    needed_by: str


def installed_packages(lock: bytes, requires_python: str | None) -> tuple[InstalledPackage, ...] | None:
    """Return the packages that a runner on x86-64 installs with the newest Python of the official image that is supported.

    Extras of the project are not installed, its dependency group `dev` is, as `uv run` does. None if `lock` is not a lock.
    """
    try:
        text = lock.decode()
        packages = parse_lock(text).packages
        entries = parse_toml(text, LOCK_NAME).values.get("package", [])
        minor = _newest_python(requires_python)
        walk = _Walk([*zip(entries, packages, strict=True)], marker_environment(MACHINE, minor))
        walk.run()
    except (AttributeError, ConfigError, LookupError, RecursionError, TypeError, UnicodeDecodeError):
        return None
    return tuple(
        InstalledPackage(package.name, package.version, _download_size(package, minor), needed_by)
        for package, needed_by in walk.found.values()
        if not package.is_project
    )


def _newest_python(requires_python: str | None) -> int:
    try:
        pythons = pythons_for(requires_python or "")
    except InvalidSpecifier:
        pythons = ()
    return int((pythons or PYTHONS)[-1].partition(".")[2])


@dataclass
class _Walk:
    """Follows dependencies from the project, breadth first. `found` has the packages by their places in the lock."""

    packages: list[tuple[Mapping[str, Any], LockedPackage]]
    environment: dict[str, str]
    found: dict[int, tuple[LockedPackage, str]] = field(default_factory=dict)

    def run(self) -> None:
        """Find all packages that the project needs."""
        queue: deque[tuple[int, tuple[str, ...], str]] = deque()
        for place, (_, package) in enumerate(self.packages):
            if package.is_project:
                queue.append((place, (), ""))
        seen = set()
        while queue:
            place, extras, needed_by = queue.popleft()
            if (place, extras) in seen:
                continue
            seen.add((place, extras))
            entry, package = self.packages[place]
            self.found.setdefault(place, (package, needed_by or package.name))
            for target, wanted in self._needs(entry, extras, group=package.is_project):
                name = self.packages[target][1].name
                queue.append((target, wanted, needed_by or name))

    def _needs(self, entry: Mapping[str, Any], extras: tuple[str, ...], *, group: bool) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield the packages that a package with these extras depends on, with their extras."""
        dependencies = [*entry.get("dependencies", [])]
        for extra in extras:
            dependencies += entry.get("optional-dependencies", {}).get(extra, [])
        if group:
            dependencies += entry.get("dev-dependencies", {}).get(_DEFAULT_GROUP, [])
        for dependency in dependencies:
            if self._counts(dependency.get("marker")):
                for place, (_, package) in enumerate(self.packages):
                    if package.name == dependency["name"] and dependency.get("version", package.version) == package.version:
                        yield place, tuple(sorted(dependency.get("extra", ())))

    def _counts(self, marker: str | None) -> bool:
        if marker is None:
            return True
        try:
            return Marker(marker).evaluate(self.environment)
        except (InvalidMarker, UndefinedEnvironmentName):
            return True


def _download_size(package: LockedPackage, minor: int) -> int | None:
    best = best_wheel([wheel.name for wheel in package.wheels], tag_order(MACHINE, minor))
    wheel = next((wheel for wheel in package.wheels if wheel.name == best), None)
    return wheel.size if wheel else package.sdist.size if package.sdist else None
