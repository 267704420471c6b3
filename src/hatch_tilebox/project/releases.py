"""Where the releases of a project go: the clusters of its targets, and the archive that a build left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.project.build_options import build_table, load_options
from hatch_tilebox.project.find import config_file
from hatch_tilebox.project.identity import read_metadata, read_project
from hatch_tilebox.project.workflow_file import load_config
from hatch_tilebox.publish.locate import find_release

if TYPE_CHECKING:
    from pathlib import Path


def clusters_of(project: Path | None, target: str) -> tuple[str, ...]:
    """The cluster slugs of a target of the project's tilebox.workflow.toml. Raises PublishError where there is none."""
    if project is None:
        raise PublishError(Problem(f"target {target!r} needs a tilebox.workflow.toml", hint="run this in the workflow project"))
    path = config_file(project)
    targets = load_config(path, base=project).targets
    if target not in targets:
        known = ", ".join(sorted(targets)) or "none"
        hint = f"targets there: {known}"
        raise PublishError(Problem(f"{path.name} has no target {target!r}", hint=hint))
    return targets[target]


def current_release(root: Path) -> Path:
    """The archive of the current version of the project in `root`, where its builds put it.

    Raises PublishError where there is none, or several, listing what there is. This may ask the project's build backend.
    """
    metadata = read_metadata(root)
    project = read_project(root, metadata)
    table = build_table(metadata.hatch.build_config, metadata.hatch.build_targets)
    options = load_options(table, where="tool.hatch.build.hooks.tilebox", environ=os.environ)
    folder = root / (options.output_dir or "dist")
    return find_release([folder], project)
