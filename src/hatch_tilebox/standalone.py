"""The project that a command works on, found without a build frontend."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_tilebox.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.bridge import WorkflowProject

__all__ = ["build_table", "open_project", "read_metadata"]


def open_project(start: Path, settings: Mapping[str, Any] | None = None, *, run_code: bool = True) -> WorkflowProject:
    """The project that `start` lies in. Raises ConfigError with all that is wrong.

    `settings` (`tilebox.NAME` to value) count before the options of the environment and of `pyproject.toml`. With
    `run_code=False` the project cannot be built, for its version may be unknown; see `read_metadata`.
    """
    from hatch_tilebox.bridge import HOOK_TABLE, WorkflowProject
    from hatch_tilebox.config import find_config

    root = find_config(start).parent
    metadata = read_metadata(root, run_code=run_code)
    return WorkflowProject(root, metadata, build_table(metadata), HOOK_TABLE, settings)


def build_table(metadata: ProjectMetadata[Any]) -> dict[str, Any]:
    """Our options for a build, as the project has them. Raises ConfigError where the tables around them are no tables."""
    from hatch_tilebox.config import options

    try:
        return options.build_table(metadata.hatch.build_config, metadata.hatch.build_targets)
    except Exception as error:
        # Hatchling's checks, and what happens to values that they let pass.
        raise ConfigError(Problem(str(error), location=Location("pyproject.toml"))) from error


def read_metadata(root: Path, *, run_code: bool = True) -> ProjectMetadata[Any]:
    """The core metadata of the project in `root`, read as hatchling reads it. Raises ConfigError where it cannot be told.

    With `run_code=False` metadata that only code of the project can tell, such as a version that it computes, is not looked at.
    """
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    from hatch_tilebox.config.pyproject import read_pyproject

    if not (root / "pyproject.toml").is_file():
        raise ConfigError(
            Problem(
                f"no pyproject.toml beside {root / 'tilebox.workflow.toml'}",
                hint="a release takes its name and version from [project] in pyproject.toml",
            )
        )
    read_pyproject(root)
    metadata: ProjectMetadata[Any] = ProjectMetadata(str(root), PluginManager())
    try:
        if run_code or not _needs_code(metadata):
            metadata.validate_fields()
    except Exception as error:
        # Hatchling and its plugins each have errors of their own; all of them are about this one file.
        raise ConfigError(Problem(str(error), _plugin_hint(metadata, error), Location("pyproject.toml"))) from error
    return metadata


def _plugin_hint(metadata: ProjectMetadata[Any], error: Exception) -> str | None:
    """What to do where a plugin of the project's build is not installed beside us: frontends install it."""
    from hatchling.plugin.exceptions import UnknownPluginError

    if not isinstance(error, UnknownPluginError):
        return None
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
