"""The wheels of local packages, built by their own backends and kept by the content of their files."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.file_names import on_disk
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.discovery.cache import digest
from hatch_tilebox.discovery.run_uv import run_uv

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hatch_tilebox.discovery.cache import Cache
    from hatch_tilebox.project.vendor.local_packages import LocalPackage

LAYOUT = 2
"""Changes when what is generated from the same files changes."""
EPOCH = "315532800"
"""SOURCE_DATE_EPOCH of the wheels: 1980-01-01, the earliest time that a zip file can hold."""
BUILD_LIMIT = 1800.0
"""Seconds that a build of one wheel, or a lock, may take."""


def kept_wheel(package: LocalPackage, content: str, uv: str, cache: Cache, *, renew: bool, on_line: Callable[[str], None]) -> Path:
    """Return the wheel of a package, built if the cache does not have it for this content and this version of `uv`."""
    key = digest([LAYOUT, "wheel", package.name, content, uv])
    folder = cache.folder(f"wheel-{key}", lambda folder: _build_twice(package, folder, on_line), renew=renew)
    return next(folder.glob("*.whl"), None) or next(path for path in folder.iterdir() if path.name != "unstable")


def _build_twice(package: LocalPackage, folder: Path, on_line: Callable[[str], None]) -> None:
    """Put the wheel of `package` into `folder`. A file `unstable` beside it notes that a second build gave other bytes."""
    if package.is_file:
        shutil.copyfile(package.place, folder / package.place.name)
        return
    _build(package, folder, on_line)
    with temporary_folder() as again:
        _build(package, again / "out", on_line)
        first, second = (next(path.glob("*.whl")).read_bytes() for path in (folder, again / "out"))
    if first != second:
        (folder / "unstable").touch()


def _build(package: LocalPackage, out: Path, on_line: Callable[[str], None]) -> None:
    """Build a wheel by the package's own backend, from a copy without ignored files.

    A backend that computes the version may need the repository, so such a package is built where it is.
    """
    with temporary_folder() as copy:
        source = package.place
        if "version" not in peek_pyproject(package.place).dynamic:
            source = copy / "source" / package.place.name
            for file in package.files().files:
                target = source / on_disk(file.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.on_disk, target)
        result = run_uv(
            *("build", "--wheel", "--no-sources", "--no-create-gitignore", "--out-dir", str(out), str(source)),
            folder=source,
            timeout=BUILD_LIMIT,
            on_line=on_line,
            variables={"SOURCE_DATE_EPOCH": EPOCH},
        )
    if result.failed or not next(out.glob("*.whl"), None):
        problem = Problem(
            f"the wheel of {package.name} in {package.path} cannot be built",
            f"try it: uv build --wheel {package.path}",
            Location(f"{package.path}/{PYPROJECT_NAME}"),
            result.last_words,
            code="TBX211",
        )
        raise ConfigError(problem)


def wheel_warnings(wheel: Path) -> list[Problem]:
    """Return warnings about a wheel that `kept_wheel` returned."""
    problems = []
    if (wheel.parent / "unstable").exists():
        message = f"{wheel.name}: two builds from the same files differ, so the release cannot be built again to the same bytes"
        problems.append(
            Problem(message, "use a build backend that heeds SOURCE_DATE_EPOCH, such as hatchling or uv_build", code="TBX211")
        )
    if wheel.suffix == ".whl" and not wheel.name.endswith("-any.whl"):
        message = f"{wheel.name} is for this platform only: it may not install on a release runner"
        problems.append(
            Problem(message, "publish wheels of the package for the platforms of your runners in an index", code="TBX211")
        )
    return problems
