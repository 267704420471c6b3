"""Packages of this machine put into a release as wheels, so that it needs neither a workspace nor folders around it.

The release gets three kinds of generated files: the wheels in `.tilebox/wheels`, a `pyproject.toml` whose sources point at them,
and a `uv.lock` for it with the versions of the lock here.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.file_names import on_disk
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.model import SelectedFile, canonical_json
from hatch_tilebox.core.uv_lock import read_lock
from hatch_tilebox.core.vendored import Vendored, VendoredPackage
from hatch_tilebox.discovery.cache import digest, open_cache
from hatch_tilebox.discovery.run_uv import run_uv, uv_version
from hatch_tilebox.project.vendor.configuration import generated_pyproject
from hatch_tilebox.project.vendor.local_packages import local_sources
from hatch_tilebox.project.vendor.locked import locked_for
from hatch_tilebox.project.vendor.wheels import BUILD_LIMIT, LAYOUT, kept_wheel, wheel_warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.project.vendor.local_packages import LocalSources

WHEELS = ".tilebox/wheels"
CARRIED = ".tilebox/vendored"
"""Where an sdist has the generated files."""
INDEX = "vendored.json"
"""The file beside them that says what the wheels were built from."""


def vendor(files: FileSet, *, renew: bool = False, on_line: Callable[[str], None] = lambda _: None) -> Vendored:
    """Return `files` with the packages that the project takes from this machine as wheels, and a lock of its own.

    The generated files are in the user's cache, and are made again only if something that they depend on has changed, or with
    `renew`. In an unpacked sdist they are those of the sdist. `on_line` gets each line that uv prints. Raises a `TileboxError` if a
    wheel or the lock cannot be made.
    """
    if vendored := carried(files):
        return vendored
    sources = local_sources(files.root)
    if sources is None or sources.self_contained:
        return Vendored(files)
    digests = [package.digest() for package in sources.packages]
    with open_cache(keep=True) as cache:
        uv = uv_version()
        wheels, packages = [], []
        for package, content in zip(sources.packages, digests, strict=True):
            wheel = kept_wheel(package, content, uv, cache, renew=renew, on_line=on_line)
            wheels.append(wheel)
            version = wheel.name.split("-")[1]
            packages.append(VendoredPackage(package.name, version, package.path, f"{WHEELS}/{wheel.name}", content))
        pyproject = generated_pyproject(sources, {package.name: package.wheel for package in packages})
        locked = digest(locked_for(sources.lock, sources.name))
        index = canonical_json({"packages": [asdict(package) for package in packages], "locked": locked})
        lock = (sources.lock_root / LOCK_NAME).read_text("utf-8")
        key = digest([LAYOUT, pyproject, lock, index.decode(), uv])

        def generate(folder: Path) -> None:
            (folder / INDEX).write_bytes(index)
            (folder / PYPROJECT_NAME).write_bytes(pyproject.encode())
            _lock(folder, sources, wheels, on_line)

        folder = cache.folder(f"vendored-{key}", generate, renew=renew)
        warnings = tuple(problem for wheel in wheels for problem in wheel_warnings(wheel))
    return _with_generated(files, folder, warnings)


def carried(files: FileSet) -> Vendored | None:
    """Return `files` with the generated ones that an unpacked sdist carries, None for another project. Raises ConfigError."""
    return _with_generated(files, files.root / CARRIED) if (files.root / CARRIED / INDEX).is_file() else None


def carried_files(vendored: Vendored) -> dict[str, str]:
    """Return what an sdist needs for the wheel that is built from it to have the same release: file to path in the project."""
    folder = vendored.files.root
    return {str(folder / path): f"{CARRIED}/{path}" for path in (INDEX, *vendored.generated)} if vendored.generated else {}


def _with_generated(files: FileSet, folder: Path, warnings: tuple[Problem, ...] = ()) -> Vendored:
    """Return `files` with the generated files in `folder`. Raises ConfigError if these are damaged, as in an sdist."""
    try:
        index = parse_json((folder / INDEX).read_bytes())
        packages, locked = tuple(VendoredPackage(**item) for item in index["packages"]), str(index["locked"])
        generated = sorted([PYPROJECT_NAME, LOCK_NAME, *(f"{WHEELS}/{PurePosixPath(package.wheel).name}" for package in packages)])
        sizes = {path: (folder / on_disk(path)).stat().st_size for path in generated}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            Problem(f"cannot be read: {error}", "unpack the sdist again", Location(f"{CARRIED}/{INDEX}"), code="TBX118")
        ) from error
    added = {path: SelectedFile(path, str(folder / on_disk(path)), size) for path, size in sizes.items()}
    others = [file for file in files.files if file.path not in added]
    merged = tuple(sorted([*others, *added.values()], key=lambda file: file.path.encode()))
    return Vendored(files._replace(root=folder, files=merged), packages, tuple(sizes), warnings, locked)


def _lock(folder: Path, sources: LocalSources, wheels: Sequence[Path], on_line: Callable[[str], None]) -> None:
    """Put the wheels into `folder`, and a lock for the `pyproject.toml` there.

    Raises ConfigError if that takes a local package from elsewhere than a wheel, or another one than the lock of the project has.
    """
    (folder / WHEELS).mkdir(parents=True)
    for wheel in wheels:
        shutil.copyfile(wheel, folder / WHEELS / wheel.name)
    shutil.copyfile(sources.lock_root / LOCK_NAME, folder / LOCK_NAME)
    result = run_uv("lock", folder=folder, timeout=BUILD_LIMIT, on_line=on_line)
    if result.failed:
        message = "uv cannot lock the release with the packages of this machine as wheels"
        hint = "check that `uv lock` succeeds in the project"
        raise ConfigError(Problem(message, hint, Location(PYPROJECT_NAME), result.last_words, code="TBX211"))
    vendored = {package.name for package in sources.packages}
    known = {(package.name, package.version, package.kind) for package in sources.lock.packages}
    moved = [
        f"{package.name} {package.version}"
        for package in read_lock(folder / LOCK_NAME).packages
        if not package.is_project
        if (package.kind != "path" if package.name in vendored else (package.name, package.version, package.kind) not in known)
    ]
    if moved:
        message = f"the lock of the release would have other versions than {LOCK_NAME} here: {', '.join(moved)}"
        raise ConfigError(Problem(message, "run: uv lock --upgrade, then build again", Location(LOCK_NAME), code="TBX211"))
