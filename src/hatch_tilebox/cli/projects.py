"""`hatch-tilebox projects`: list the workflow projects of a repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.options import FOLDER, changed_option, output_options, unpublished_option
from hatch_tilebox.cli.output import show_json, show_line
from hatch_tilebox.cli.selected_projects import select_projects

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@click.argument("root", type=FOLDER, default=".")
@changed_option
@unpublished_option
@click.option("--to", metavar="URL", help="The destination for --unpublished.  [default: the one of each project]")
@output_options
def command(root: Path, *, changed: str | None, unpublished: bool, to: str | None, output: Output) -> None:
    """List the folders of all workflow projects in the folder ROOT and below it, one per line.

    Folders that git ignores, hidden folders and environments are left out. With --changed, only projects are listed whose release
    would differ from the one of the commit REF, by default the newest one that HEAD and the default branch have in common; with
    --unpublished, from the latest one at the destination. `-v` adds the reasons. Nothing is built and no code runs.

    Example: hatch-tilebox projects --changed --json
    """
    from hatch_tilebox.core.errors import Problem

    filtered = changed is not None or unpublished
    with output.progress() as progress:
        found = select_projects(root, changed=changed, unpublished=unpublished, to=to, progress=progress)
        selected = [project for project in found.projects if project.reasons]
        if not output.as_json:
            for path in found.removed:
                progress.warning(Problem(f"the project {_shown(path)} was removed", code="TBX024"))
    if output.as_json:
        projects = [
            {"path": _shown(project.path), "workflow": _slug(project.path), "reasons": project.reasons if filtered else ()}
            for project in selected
        ]
        show_json({"base": found.base or None, "projects": projects, "removed": [_shown(path) for path in found.removed]})
        return
    for project in selected:
        why = f"  {'; '.join(project.reasons)}" if filtered and output.everything else ""
        show_line(f"{_shown(project.path)}{why}")


def _slug(path: Path) -> str | None:
    """Return the slug of a project, None if its configuration cannot be read: a later command reports that."""
    from hatch_tilebox.core.errors import ConfigError
    from hatch_tilebox.project.releases import read_config

    try:
        return read_config(path).workflow.slug
    except ConfigError:
        return None


def _shown(path: Path) -> str:
    """Return a path relative to the current folder, with `/` between parts."""
    try:
        return Path(os.path.relpath(path)).as_posix()
    except ValueError:  # another drive on Windows
        return str(path)
