"""Packages that a project takes from folders and files of this machine, as its lock names them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.model import FileSet, Pattern, SelectedFile
from hatch_tilebox.core.uv_lock import read_lock
from hatch_tilebox.discovery.cache import digest
from hatch_tilebox.discovery.diagnose.sources import workspace_around
from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hatch_tilebox.core.uv_lock import LockedPackage, UvLock

EVERYTHING = (Pattern("**"),)
PRODUCTS = (Pattern("build/**"), Pattern("dist/**"))
"""Where builds of a package write."""


@dataclass(frozen=True)
class LocalPackage:
    """A package in a folder, or a wheel or an sdist in a file, outside all indexes.

    `path` is its place, relative to the root of the workflow with `/` between parts. `direct` is whether the project itself
    depends on it, or only another package does. `version` is that of the lock, "" if it is dynamic.
    """

    name: str
    path: str
    place: Path
    direct: bool
    version: str = ""

    @property
    def is_file(self) -> bool:
        """Whether this is a wheel or an sdist."""
        return self.place.is_file()

    def files(self) -> FileSet:
        """Return the files of the folder that may matter to a build: all but ignored ones and products of builds; or the file.

        Raises SelectionError.
        """
        if self.is_file:
            return FileSet(self.place.parent, (SelectedFile(self.place.name, str(self.place), self.place.stat().st_size),))
        return select_files(self.place, EVERYTHING, PRODUCTS)

    def digest(self) -> str:
        """Return a SHA-256 over paths, modes and contents of the files, as 64 hex digits. Raises SelectionError, ArchiveError."""
        if self.is_file:
            return digest([self.place.name, hash_files(self.files())[0].sha256])
        return digest([[entry.path, entry.mode, entry.sha256] for entry in hash_files(self.files())])


@dataclass(frozen=True)
class LocalSources:
    """Where a project's lock is, and what it takes from this machine.

    `name` is the project's in the lock. `lock_root` is the folder of `uv.lock`: that of the project, or of the workspace around it.
    """

    name: str
    root: Path
    lock_root: Path
    lock: UvLock
    packages: tuple[LocalPackage, ...]

    @property
    def requires_python(self) -> str | None:
        """The range of Pythons of the lock: that of all members of the workspace."""
        required = self.lock.values.get("requires-python")
        return str(required) if required else None

    @property
    def self_contained(self) -> bool:
        """Whether the release needs nothing but its own files and indexes."""
        return not self.packages and self.lock_root == self.root


def local_sources(root: Path, read: Callable[[Path], UvLock] = read_lock) -> LocalSources | None:
    """Return what the project in the folder `root` takes from this machine; None if it has no lock.

    `read` returns the lock in a file: many projects may have the same one.
    Raises ConfigError if the lock cannot be read, does not know the project, or names a package that cannot be installed.
    """
    root = root.resolve()
    lock_root = root if (root / LOCK_NAME).is_file() else workspace_around(root)
    if lock_root is None or not (lock_root / LOCK_NAME).is_file():
        return None
    lock = read(lock_root / LOCK_NAME)
    own = _package_at(root, lock, lock_root)
    if own is None:
        message = f"the lock of the workspace in {lock_root} does not have this project"
        raise ConfigError(Problem(message, "run: uv lock", Location(LOCK_NAME), code="TBX031"))
    packages, virtual = [], []
    for package in _reachable(own, lock):
        if package is own or not package.is_local:
            continue
        place = (lock_root / package.source).resolve()
        if place.is_file() and place.is_relative_to(root):
            continue  # a file of the release
        path = Path(os.path.relpath(place, root)).as_posix()
        packages.append(LocalPackage(package.name, path, place, package.name in own.dependencies, package.version))
        if package.kind == "virtual":
            message = f"{package.name} in {path} is a dependency and not a package: uv installs nothing of it"
            hint = f"give {path}/pyproject.toml a [build-system], or remove the dependency"
            virtual.append(Problem(message, hint, code="TBX211"))
    if virtual:
        raise ConfigError(*virtual)
    return LocalSources(own.name, root, lock_root, lock, tuple(sorted(packages, key=lambda package: package.name)))


def _package_at(root: Path, lock: UvLock, lock_root: Path) -> LockedPackage | None:
    """Return the package of a lock that is the folder `root`."""
    local = [package for package in lock.packages if package.is_local]
    # A workspace may have many members, and resolving a path asks the disk about each of its parts.
    written = os.path.relpath(root, lock_root)
    found = next((package for package in local if os.path.normpath(package.source) == written), None)
    return found or next((package for package in local if (lock_root / package.source).resolve() == root), None)


def _reachable(own: LockedPackage, lock: UvLock) -> Iterator[LockedPackage]:
    """The packages that `own` depends on, directly or not, and itself."""
    by_name: dict[str, list[LockedPackage]] = {}
    for package in lock.packages:
        by_name.setdefault(package.name, []).append(package)
    waiting, seen = [own], {own.name}
    while waiting:
        package = waiting.pop()
        yield package
        new = package.dependencies - seen
        seen |= new
        waiting += chain.from_iterable(by_name.get(name, ()) for name in new)
