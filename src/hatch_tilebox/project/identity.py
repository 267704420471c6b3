"""Name, version and supported Pythons of a project, by the rules of what builds it.

Hatchling judges the projects that it builds. Of all others, those without a build system included, only that is asked which a
release needs, as uv does it: `[project]`, and for what that leaves open the project's own build backend.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.core.model import Project

__all__ = ["HATCHLING", "OWN_BACKEND", "check_metadata", "frontend_fault", "is_built_by_hatchling", "read_metadata", "read_project"]

HATCHLING = "hatchling.build"
OWN_BACKEND = "hatch_tilebox.backend"


def read_metadata(root: Path) -> ProjectMetadata[Any]:
    """The tables of the project in `root` as hatchling reads them, before any judgement. Raises ConfigError for wrong shapes."""
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    from hatch_tilebox.project.pyproject import read_pyproject

    if not (root / "pyproject.toml").exists():
        hint = "a release takes its name and version from [project] in pyproject.toml"
        raise ConfigError(Problem(f"no pyproject.toml in {root}", hint=hint))
    return ProjectMetadata(str(root), PluginManager(), read_pyproject(root))


def check_metadata(root: Path, metadata: ProjectMetadata[Any]) -> tuple[str, ...]:
    """Raise ConfigError for what is wrong with the project's metadata, as far as can be told without running code of the project.

    Gives what was not looked at, because only code can tell it, such as `("version",)`.
    """
    if not is_built_by_hatchling(metadata.config):
        from hatch_tilebox.project.static_metadata import read_static_metadata

        return read_static_metadata(root).dynamic
    if _needs_code(metadata):
        return tuple(metadata.config["project"].get("dynamic", ())) or ("version",)
    _validate(metadata)
    return ()


def read_project(root: Path, metadata: ProjectMetadata[Any] | None = None) -> Project:
    """The project in `root`. This may run its build backend. Raises ConfigError where it cannot be told, or breaks rules."""
    from hatch_tilebox.core.model import Project

    metadata = metadata or read_metadata(root)
    if is_built_by_hatchling(metadata.config) and _needs_code(metadata):
        return _computed_by_hatchling(root, metadata)
    if is_built_by_hatchling(metadata.config):
        _validate(metadata)
        return Project(metadata.core.name, metadata.version, metadata.core.requires_python or None)
    from hatch_tilebox.project.static_metadata import read_static_metadata

    static = read_static_metadata(root)
    if not static.dynamic:
        return Project(static.name, static.version or "", static.requires_python)
    return _computed(root, metadata.config, static.requires_python)


def frontend_fault(root: Path, values: Mapping[str, Any]) -> Problem | None:
    """Why frontends refuse to build the project in `root` with hatchling if its `pyproject.toml` has these values, else None."""
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    metadata: ProjectMetadata[Any] = ProjectMetadata(str(root), PluginManager(), deepcopy({**values}))
    try:
        if not _needs_code(metadata):
            metadata.validate_fields()
    except Exception as error:  # noqa: BLE001 -- hatchling and its plugins each have errors of their own
        return Problem(str(error), _plugin_hint(metadata, error), _place(root, str(error)))
    return None


def _computed(root: Path, values: Mapping[str, Any], python: str | None) -> Project:
    from packaging.utils import canonicalize_name
    from packaging.version import InvalidVersion, Version

    from hatch_tilebox.core.model import Project
    from hatch_tilebox.project.build_backend import build_system, computed_metadata

    system = build_system(values)
    found = computed_metadata(root, system, python)
    name, version = str(found.get("Name", "")), str(found.get("Version", ""))
    try:
        return Project(canonicalize_name(name), str(Version(version)), str(found.get("Requires-Python", "")) or None)
    except InvalidVersion as error:
        message = f'the build backend {system.backend} gives "{version}", which is not a version'
        raise ConfigError(Problem(message, location=Location("pyproject.toml"))) from error


def _computed_by_hatchling(root: Path, metadata: ProjectMetadata[Any]) -> Project:
    from hatch_tilebox.core.model import Project
    from hatch_tilebox.project.build_backend import hatchlings_metadata

    found = hatchlings_metadata(root)
    if "error" in found:
        hint = _missing_plugin_hint(metadata) if found["type"] == "UnknownPluginError" else None
        raise ConfigError(Problem(found["error"], hint, Location("pyproject.toml")))
    return Project(found["Name"], found["Version"], found["Requires-Python"] or None)


def is_built_by_hatchling(values: Mapping[str, Any]) -> bool:
    """Whether hatchling builds the project; one without a build system that has a version for hatchling to find counts too."""
    table = values.get("build-system")
    if table is None:
        return "version" in values.get("tool", {}).get("hatch", {})
    return table.get("build-backend") in {HATCHLING, OWN_BACKEND}


def _validate(metadata: ProjectMetadata[Any]) -> None:
    try:
        metadata.validate_fields()
    except Exception as error:
        # Hatchling and its plugins each have errors of their own; all of them are about this one file.
        raise ConfigError(Problem(str(error), _plugin_hint(metadata, error), Location("pyproject.toml"))) from error


def _place(root: Path, message: str) -> Location:
    """Where the field stands that hatchling speaks of."""
    from hatch_tilebox.core.toml_document import read_toml

    found = re.search(r"project\.([a-z-]+)", message) or re.match(r"(Readme|License)", message)
    document = read_toml(root / "pyproject.toml", "pyproject.toml")
    return document.location(("project", found[1].lower())) if found else Location("pyproject.toml")


def _plugin_hint(metadata: ProjectMetadata[Any], error: Exception) -> str | None:
    """What to do where a plugin of the project's build is not installed beside us: frontends install it."""
    from hatchling.plugin.exceptions import UnknownPluginError

    return _missing_plugin_hint(metadata) if isinstance(error, UnknownPluginError) else None


def _missing_plugin_hint(metadata: ProjectMetadata[Any]) -> str:
    frontend = "use a frontend, which installs it: uv build, hatch build or python -m build"
    requirements = " ".join(f"'{item}'" for item in metadata.build.requires if not re.match(r"hatch(ling|[-_.]tilebox)\b", item))
    if not requirements:
        return frontend
    return f"install {requirements}, which the project's build requires, beside hatch-tilebox;\nor {frontend}"


def _needs_code(metadata: ProjectMetadata[Any]) -> bool:
    """Whether hatchling would run code of the project, or a plugin that may not be here. `regex` and `env` are its own."""
    config = metadata.hatch.config
    if config.get("metadata", {}).get("hooks"):
        return True
    return "version" in config and config["version"].get("source", "regex") not in {"env", "regex"}
