"""The project that a command works on, found without a build frontend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.core.model import Project
    from hatch_tilebox.project.workflow_project import WorkflowProject

__all__ = ["build_table", "open_project"]


def open_project(start: Path, settings: Mapping[str, Any] | None = None, *, run_code: bool = True) -> WorkflowProject:
    """The project that `start` lies in. Raises ConfigError with all that is wrong.

    `settings` (`tilebox.NAME` to value) count before the options of the environment and of `pyproject.toml`. With
    `run_code=False` nothing asks the project's build backend, and the project cannot be built if only that one knows its version.
    """
    from hatch_tilebox.project.find import find_project
    from hatch_tilebox.project.identity import check_metadata, read_metadata, read_project
    from hatch_tilebox.project.workflow_project import HOOK_TABLE, WorkflowProject

    root = find_project(start)
    metadata = read_metadata(root)
    known = read_project(root, metadata) if run_code else None
    if not run_code:
        check_metadata(root, metadata)

    def about() -> Project:
        return known or read_project(root, metadata)

    return WorkflowProject(root, about, build_table(metadata), HOOK_TABLE, settings)


def build_table(metadata: ProjectMetadata[Any]) -> dict[str, Any]:
    """Our options for a build, as the project has them. Raises ConfigError where the tables around them are no tables."""
    from hatch_tilebox.project import build_options as options

    try:
        return options.build_table(metadata.hatch.build_config, metadata.hatch.build_targets)
    except Exception as error:
        # Hatchling's checks, and what happens to values that they let pass.
        raise ConfigError(Problem(str(error), location=Location("pyproject.toml"))) from error
