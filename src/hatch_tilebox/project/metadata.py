"""Name, version and supported Pythons of a project, by the rules of its build backend.

Hatchling checks the projects that it builds. Of all others, also of those without a build system, only what a release needs is
read, as uv does: from `[project]`, and what is dynamic there from the project's own build backend.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.exceptions import UnknownPluginError
from hatchling.plugin.manager import PluginManager

from hatch_tilebox.core.constants import PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.identifiers import requirement_name
from hatch_tilebox.core.workflow import Project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.core.pyproject import Pyproject

# `build_backend` and `static_metadata` are imported where they are used: builds by hatchling never need them.

HATCHLING = "hatchling.build"
OWN_BACKEND = "hatch_tilebox.backend"


def check_metadata(pyproject: Pyproject) -> tuple[str, ...]:
    """Raise ConfigError for mistakes in the metadata of a project, as far as no code of the project has to run.

    Returns the fields that only code can compute, such as `("version",)`.
    """
    if not is_built_by_hatchling(pyproject.values):
        from hatch_tilebox.project.static_metadata import read_static_metadata

        return read_static_metadata(pyproject)[1]
    metadata = hatchlings_view(pyproject.root, pyproject.values)
    if _needs_code(metadata):
        return pyproject.dynamic or ("version",)
    _validate(pyproject, metadata)
    return ()


def read_project(pyproject: Pyproject) -> Project:
    """Return name, version and Pythons of a project, which may run its build backend. Raises ConfigError if they are invalid."""
    if is_built_by_hatchling(pyproject.values):
        metadata = hatchlings_view(pyproject.root, pyproject.values)
        if _needs_code(metadata):
            return _computed_by_hatchling(pyproject.root, metadata)
        _validate(pyproject, metadata)
        return project_of(metadata)
    from hatch_tilebox.project.static_metadata import read_static_metadata

    static, dynamic = read_static_metadata(pyproject)
    if not dynamic:
        return static
    from hatch_tilebox.project.build_backend import computed_metadata

    return computed_metadata(pyproject, static.requires_python)


def project_of(metadata: ProjectMetadata[Any]) -> Project:
    """Return name, version and Pythons from hatchling's metadata. This resolves a dynamic version."""
    return Project(metadata.core.name, metadata.version, metadata.core.requires_python or None)


def hatchlings_view(root: Path, values: Mapping[str, Any]) -> ProjectMetadata[Any]:
    """Return the metadata of a project whose `pyproject.toml` has these values, unchecked. Hatchling changes its copy of them."""
    return ProjectMetadata(str(root), PluginManager(), deepcopy({**values}))


def has_wheel_files(root: Path, values: Mapping[str, Any]) -> bool:
    """Whether hatchling finds files for a wheel of the project, by its configuration or by the name of the project."""
    from hatchling.builders.wheel import WheelBuilder

    try:
        WheelBuilder(str(root), metadata=hatchlings_view(root, values)).config.default_include()
    except ValueError:
        return False
    return True


def frontend_problem(pyproject: Pyproject, values: Mapping[str, Any]) -> Problem | None:
    """Return why frontends cannot build a project with hatchling if its `pyproject.toml` has these values, else None."""
    metadata = hatchlings_view(pyproject.root, values)
    try:
        if not _needs_code(metadata):
            _validate(pyproject, metadata)
    except ConfigError as error:
        return error.problems[0]
    return None


def is_built_by_hatchling(values: Mapping[str, Any]) -> bool:
    """Whether hatchling builds a project. One without a build system counts too if it has a version for hatchling to find."""
    table = values.get("build-system")
    if table is None:
        return "version" in values.get("tool", {}).get("hatch", {})
    return table.get("build-backend") in {HATCHLING, OWN_BACKEND}


def _computed_by_hatchling(root: Path, metadata: ProjectMetadata[Any]) -> Project:
    from hatch_tilebox.project.build_backend import hatchlings_metadata

    found = hatchlings_metadata(root)
    if "error" in found:
        hint = _missing_plugin_hint(metadata) if found["type"] == "UnknownPluginError" else None
        raise ConfigError(Problem(found["error"], hint, Location(PYPROJECT_NAME), code="TBX019"))
    return Project(found["Name"], found["Version"], found["Requires-Python"] or None)


def _validate(pyproject: Pyproject, metadata: ProjectMetadata[Any]) -> None:
    """Raise ConfigError if hatchling refuses the metadata, with the place of the field that its message names."""
    try:
        metadata.validate_fields()
    except Exception as error:  # hatchling and its plugins have several kinds of errors
        hint = _missing_plugin_hint(metadata) if isinstance(error, UnknownPluginError) else None
        found = re.search(r"project\.([a-z-]+)", str(error)) or re.match(r"(Readme|License)", str(error))
        place = pyproject.location("project", found[1].lower()) if found else Location(PYPROJECT_NAME)
        raise ConfigError(Problem(str(error), hint, place, code="TBX019")) from error


def _missing_plugin_hint(metadata: ProjectMetadata[Any]) -> str:
    """Return what to do if a plugin of the build is not installed beside hatch-tilebox: frontends install it."""
    frontend = "use a frontend, which installs it: uv build, hatch build or python -m build"
    others = [item for item in metadata.build.requires if requirement_name(item) not in {"hatchling", "hatch-tilebox"}]
    if not others:
        return frontend
    requirements = " ".join(f"'{item}'" for item in others)
    return f"install {requirements}, which the project's build requires, beside hatch-tilebox;\nor {frontend}"


def _needs_code(metadata: ProjectMetadata[Any]) -> bool:
    """Whether hatchling would run code of the project, or of a plugin that may be missing. `regex` and `env` are its own."""
    config = metadata.hatch.config
    if config.get("metadata", {}).get("hooks"):
        return True
    return "version" in config and config["version"].get("source", "regex") not in {"env", "regex"}
