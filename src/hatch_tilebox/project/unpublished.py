"""Compares a project with its latest release at a destination."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ArchiveError, ConfigError, SelectionError
from hatch_tilebox.project.freshness import differences
from hatch_tilebox.project.open import open_project
from hatch_tilebox.publish.steps import describe_release

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.plugins.destination import Destination


def unpublished_reasons(root: Path, destination: Destination) -> tuple[str, ...]:
    """Return why a release of the project in `root` would differ from the latest one at the destination; nothing if it would not.

    Nothing is built. A project that cannot be read, and one whose release cannot be compared, count as different. Raises
    PublishError if the destination cannot be reached.
    """
    try:
        project = open_project(root, run_code=False)
        latest = destination.latest(project.config.workflow.slug)
        if latest is None:
            return ("not published yet",)
        manifest = destination.manifest(latest)
        if manifest is None:
            return (f"{destination.url} cannot return the manifest of {describe_release(latest)}",)
        return differences(manifest, project)
    except ArchiveError as error:
        return (f"the latest release cannot be compared: {error.problems[0].message}",)
    except (ConfigError, SelectionError) as error:
        return (f"cannot be read: {error.problems[0].message}",)
