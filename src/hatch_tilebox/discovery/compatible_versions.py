"""Find a version of a package in which another package finds what it imports."""

from __future__ import annotations

from importlib.metadata import distributions
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.run_uv import run_uv

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.discovery.environment import Environment

MAX_ATTEMPTS = 8
INSTALL_LIMIT = 60.0
IMPORT_LIMIT = 30.0
CHECK = "import importlib, sys; getattr(importlib.import_module(sys.argv[1]), sys.argv[2])"


def compatible_bound(environment: Environment, facts: Mapping[str, str]) -> str | None:
    """The upper bound `X.Y` below which a required package has what another one imports, None if no such version is found.

    `facts` are those of `imported_from` in `in_workflow/failures.py`. Older versions are installed one after the other, each into a
    temporary folder, and the import is tried: metadata does not say which of them work.
    """
    try:
        wanted = Requirement(facts["required"])
        bound = _series(Version(facts["version"]))
    except (InvalidRequirement, InvalidVersion):
        return None
    for _ in range(MAX_ATTEMPTS):
        with temporary_folder() as folder:
            specifier = wanted.specifier & SpecifierSet(f"<{bound}")
            found = _install(environment, wanted.name, f"{wanted.name}{specifier}", folder)
            if found is None:
                return None
            if _imports(environment, folder, facts["module"], facts["attribute"]):
                return bound
        bound = _series(found)
    return None


def _series(version: Version) -> str:
    """The lowest version of the series `X.Y` or `X` that `version` belongs to."""
    return f"{version.major}.{version.minor}" if version.minor else f"{version.major}"


def _install(environment: Environment, name: str, requirement: str, folder: Path) -> Version | None:
    """The version of the package `name` that uv installs into `folder`, None if there is none."""
    result = run_uv(
        *("pip", "install", "--quiet", "--python", str(environment.python), "--target", str(folder), requirement),
        folder=environment.project,
        timeout=INSTALL_LIMIT,
        variables={**environment.passed, **environment.settings},
    )
    if result.failed:
        return None
    installed = distributions(name=name, path=[str(folder)])
    return next((Version(distribution.version) for distribution in installed), None)


def _imports(environment: Environment, folder: Path, module: str, name: str) -> bool:
    """Whether `module` has `name` if the packages in `folder` come first."""
    variables = {**environment.client_variables(), "PYTHONPATH": str(folder)}
    command = [str(environment.python), "-c", CHECK, module, name]
    return run(command, folder=environment.folder, environment=variables, timeout=IMPORT_LIMIT).returncode == 0
