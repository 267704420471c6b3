"""The project that a command works on, found without a build frontend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.progress import Progress
    from hatch_tilebox.release import Release


def build_here(start: Path, out: Path | None, progress: Progress) -> Release:
    """Build the release of the project that `start` lies in, with the options that its `pyproject.toml` gives a build.

    The release goes to `out`, or else to `dist` in the project. Raises a `TileboxError` for whatever the user can mend.
    """
    from hatch_tilebox.bridge import HOOK_TABLE, WorkflowProject
    from hatch_tilebox.config import find_config

    root = find_config(start).parent
    metadata = read_metadata(root)
    table = {**metadata.hatch.build_config.get("hooks", {}).get("tilebox", {}), **metadata.hatch.build_targets.get("tilebox", {})}
    if out is not None:
        table["output-dir"] = str(out.resolve())
    return WorkflowProject(root, metadata, table, HOOK_TABLE).build(root / "dist", progress)


def read_metadata(root: Path) -> ProjectMetadata[Any]:
    """The core metadata of the project in `root`, read as hatchling reads it. Raises ConfigError where it cannot be told."""
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    if not (root / "pyproject.toml").is_file():
        raise ConfigError(
            Problem(
                f"no pyproject.toml beside {root / 'tilebox.workflow.toml'}",
                hint="a release takes its name and version from [project] in pyproject.toml",
            )
        )
    metadata: ProjectMetadata[Any] = ProjectMetadata(str(root), PluginManager())
    try:
        metadata.validate_fields()
    except Exception as error:
        # Hatchling, its plugins and the TOML parser each have errors of their own; all of them are about this one file.
        raise ConfigError(Problem(str(error), location=Location("pyproject.toml"))) from error
    return metadata
