"""The projects of a repository that a command works on, and the options that select them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.project.changed import Changes

MERGE_BASE = ""
"""The value of `--changed` without REF."""


def changed_option() -> click.Option:
    """Return `--changed`, as the argument `changed`: a commit, MERGE_BASE, or None."""
    text = "Only projects that differ from a commit."
    return click.Option(["--changed"], metavar="[REF]", is_flag=False, flag_value=MERGE_BASE, help=text)


def unpublished_option() -> click.Option:
    """Return `--unpublished`, as the argument `unpublished`."""
    text = "Only those that differ from the latest."
    return click.Option(["--unpublished"], is_flag=True, help=text)


def select_projects(
    root: Path, *, changed: str | None = None, unpublished: bool = False, to: str | None = None, progress: Progress
) -> Changes:
    """Return the projects below `root`. Those that the options leave out have no reasons; `changed` of the result are the others.

    Without options, every project is selected. Raises a `TileboxError`, such as ConfigError if there is no project.
    """
    from hatch_tilebox.project.changed import Changes, ProjectChange, find_changes
    from hatch_tilebox.project.repository import find_projects

    if changed is not None and unpublished:
        msg = "--changed and --unpublished cannot be used together"
        raise click.UsageError(msg)
    if changed is not None:
        progress.started("Comparing the projects")
        found = find_changes(root, None if changed == MERGE_BASE else changed)
        progress.finished(f"{len(found.changed)} of {len(found.projects)} differ from {found.base[:12]}")
        return found
    projects = find_projects(root)
    if not unpublished:
        return Changes("", tuple(ProjectChange(path, ("selected",)) for path in projects), ())
    progress.started("Comparing the projects")
    result = Changes("", tuple(ProjectChange(path, _unpublished(path, to, progress)) for path in projects), ())
    progress.finished(f"{len(result.changed)} of {len(projects)} differ from the latest release")
    return result


def _unpublished(path: Path, to: str | None, progress: Progress) -> tuple[str, ...]:
    from hatch_tilebox.cli.publishing import ask_secret, read_settings
    from hatch_tilebox.project.unpublished import unpublished_reasons
    from hatch_tilebox.publish.open import open_destination

    settings = read_settings(path, to=to)
    with open_destination(settings, Path.cwd(), prompt=ask_secret, progress=progress) as destination:
        return unpublished_reasons(path, destination)
