"""The projects of a repository that a command works on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.cli.options import MERGE_BASE, refuse_combination

if TYPE_CHECKING:
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.project.changed import Changes


def select_projects(
    root: Path, *, changed: str | None = None, unpublished: bool = False, to: str | None = None, progress: Progress
) -> Changes:
    """Return the projects below `root`. Those that the options leave out have no reasons; `changed` of the result are the others.

    Without options, every project is selected. Raises a `TileboxError`, such as ConfigError if there is no project.
    """
    from hatch_tilebox.project.changed import Changes, ProjectChange, find_changes
    from hatch_tilebox.project.repository import find_projects

    if changed is not None and unpublished:
        refuse_combination("--changed", "--unpublished")
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
    from hatch_tilebox.cli.current_project import read_settings
    from hatch_tilebox.cli.output import ask_secret
    from hatch_tilebox.project.freshness import unpublished_reasons
    from hatch_tilebox.publish.open import open_destination

    settings = read_settings(path, to=to)
    with open_destination(settings, Path.cwd(), prompt=ask_secret, progress=progress) as destination:
        return unpublished_reasons(path, destination)
