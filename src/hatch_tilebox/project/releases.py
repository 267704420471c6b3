"""Where the releases of a project go: the clusters of its targets, and the archive of its current version."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.project.build_options import HOOK_TABLE, load_options, options_table
from hatch_tilebox.project.find import config_file
from hatch_tilebox.project.metadata import read_project
from hatch_tilebox.project.pyproject import read_pyproject
from hatch_tilebox.project.workflow_file import load_config
from hatch_tilebox.publish.locate import find_release

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.core.config import WorkflowConfig


def read_config(root: Path) -> WorkflowConfig:
    """Return the workflow configuration of the project in `root`. Raises ConfigError; `pyproject.toml` is not checked."""
    return load_config(config_file(peek_pyproject(root)), base=root)


def clusters_of(root: Path | None, target: str) -> tuple[str, ...]:
    """Return the cluster slugs of a target in the workflow configuration of the project in `root`.

    Raises PublishError if there is no such target.
    """
    if root is None:
        raise PublishError(Problem(f"target {target!r} needs a tilebox.workflow.toml", hint="run this in the workflow project"))
    config = read_config(root)
    if target not in config.targets:
        known = ", ".join(sorted(config.targets)) or "none"
        raise PublishError(Problem(f"{config.path.name} has no target {target!r}", hint=f"targets there: {known}"))
    return config.targets[target]


def current_release(root: Path) -> Path:
    """Return the archive of the current version of the project in `root`, in the output folder of its builds.

    Raises PublishError if there is none or more than one. This may ask the project's build backend for the version.
    """
    pyproject = read_pyproject(root)
    project = read_project(pyproject)
    options = load_options(options_table(pyproject), where=HOOK_TABLE, environ=os.environ, pyproject=pyproject)
    return find_release([root / (options.output_dir or "dist")], project)
