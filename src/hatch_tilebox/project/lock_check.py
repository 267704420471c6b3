"""Whether `uv.lock` can fit `pyproject.toml`.

uv itself knows exactly, but may need a network for it, and the build backend of a project with dynamic metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_version

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError, Fix, Location, Problem
from hatch_tilebox.core.pyproject import requirement_names
from hatch_tilebox.core.uv_lock import read_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.core.uv_lock import LockedPackage


def check_lock(pyproject: Pyproject) -> None:
    """Raise ConfigError if the `uv.lock` beside `pyproject` is damaged or stale; a missing one is not an error.

    It is stale with another name or version of the project, or with other dependencies. Version ranges are not compared: they can
    be written in several ways.
    """
    try:
        lock = read_lock(pyproject.root / LOCK_NAME)
    except FileNotFoundError:
        return
    package = next((package for package in lock.packages if package.name == pyproject.name), None)
    reasons = list(_differences(package, pyproject)) if package else [f"it has no entry for {pyproject.name}"]
    if reasons:
        raise ConfigError(
            Problem(f"it is stale: {'; '.join(reasons)}", "run: uv lock", Location(LOCK_NAME), code="TBX031", fix=Fix("lock"))
        )


def _differences(package: LockedPackage, pyproject: Pyproject) -> Iterator[str]:
    version = pyproject.table("project").get("version")
    if package.version and version and canonicalize_version(package.version) != canonicalize_version(version):
        yield f"it is for version {package.version} of {package.name}, not {version}"
    if not {"dependencies", "optional-dependencies"} & {*pyproject.dynamic}:
        extras = (requirement_names(items) for items in pyproject.extras.values())
        wanted = pyproject.dependency_names.union(*extras) - {package.name}
        known = package.required - {package.name}
        yield from (f"it lacks {name}" for name in sorted(wanted - known))
        yield from (f"it has {name}, which is not a dependency any more" for name in sorted(known - wanted))
