"""The one way to a project: for the command line, the build hook, the build target and the publisher."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core.config import BuildOptions
from hatch_tilebox.core.errors import ConfigError, Problem
from hatch_tilebox.core.pyproject import load_pyproject
from hatch_tilebox.project.build_options import HOOK_TABLE, load_options, options_table
from hatch_tilebox.project.find import find_pyproject
from hatch_tilebox.project.metadata import check_metadata, project_of, read_project
from hatch_tilebox.project.pyproject import check_pyproject
from hatch_tilebox.project.workflow_file import check_root_inside, load_config
from hatch_tilebox.project.workflow_project import WorkflowProject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.core.model import Project
    from hatch_tilebox.core.pyproject import Pyproject


class HatchlingBuild(NamedTuple):
    """A build that hatchling has started: its metadata of the project, and our options in the table with the dotted name `name`.

    `options` of None are those of the hook and the target as the files have them.
    """

    metadata: ProjectMetadata[Any]
    name: str = HOOK_TABLE
    options: Mapping[str, Any] | None = None


def open_project(
    start: Path, settings: Mapping[str, Any] | None = None, *, run_code: bool = True, build: HatchlingBuild | None = None
) -> WorkflowProject:
    """Return the workflow project in the folder `start` or above it. Raises ConfigError with all mistakes in its files.

    `settings` (`tilebox.NAME` to value) take precedence over the environment and `pyproject.toml`. With `run_code=False` the
    project's build backend is not asked for metadata until the project is built. With `build` the project is in `start` itself.
    """
    if build:
        pyproject = check_pyproject(load_pyproject(start.resolve()))
        return load_project(pyproject, lambda: project_of(build.metadata), build.options, build.name)
    pyproject = check_pyproject(find_pyproject(start))
    if not run_code:
        check_metadata(pyproject)
        return load_project(pyproject, lambda: read_project(pyproject), settings=settings)
    project = read_project(pyproject)
    return load_project(pyproject, lambda: project, settings=settings)


def load_project(
    pyproject: Pyproject,
    metadata: Callable[[], Project],
    options: Mapping[str, Any] | None = None,
    table: str = HOOK_TABLE,
    settings: Mapping[str, Any] | None = None,
) -> WorkflowProject:
    """Return the project of a checked `pyproject.toml` with its options and configuration. Raises ConfigError.

    `options` are those in the table with the dotted name `table`, by default what the files have.
    """
    found = BuildOptions()
    problems: list[Problem] = []
    try:
        written = options_table(pyproject) if options is None else options
        found = load_options(written, where=table, environ=os.environ, settings=settings, pyproject=pyproject)
    except ConfigError as error:
        problems += error.problems
    try:
        config = load_config(pyproject.root / found.config, base=pyproject.root)
    except ConfigError as error:
        raise ConfigError(*problems, *error.problems) from error
    if problems:
        raise ConfigError(*problems)
    check_root_inside(config, pyproject.root)
    return WorkflowProject(pyproject, config, found, metadata)
