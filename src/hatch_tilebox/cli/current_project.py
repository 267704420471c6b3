"""The project in the current folder, which commands use where the user names no release, workflow, destination or clusters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.options import refuse_combination
from hatch_tilebox.cli.output import ask_secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import closing

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Destination, PublishedRelease
    from hatch_tilebox.publish.settings import Settings


def project_root() -> Path | None:
    """Return the folder of the project, None outside of projects."""
    from hatch_tilebox.core.errors import ConfigError
    from hatch_tilebox.project.find import find_project

    try:
        return find_project(Path.cwd())
    except ConfigError:
        return None


def workflow_slug() -> str | None:
    """Return the slug of the project, None outside of projects."""
    from hatch_tilebox.project.releases import read_config

    root = project_root()
    return read_config(root).workflow.slug if root else None


def require_workflow(workflow: str | None) -> str:
    """Return the slug that the user names, or else that of the project."""
    slug = workflow or workflow_slug()
    if slug is None:
        from hatch_tilebox.project.workflow_file import advice_on_missing

        msg = f"select the workflow with --workflow, or run this command in its project; {advice_on_missing(Path.cwd())}"
        raise click.UsageError(msg)
    return slug


def named_or_project(file: Path | None, progress: Progress, variables: Sequence[str] = ()) -> Path:
    """Return the release `file`, or else that of the project, built if it is missing or out of date.

    `variables` are those of a build. Raises TileboxError if there is no project, or it cannot be built.
    """
    if file is not None:
        return file
    from hatch_tilebox.project.find import find_project
    from hatch_tilebox.project.releases import fresh_release

    return fresh_release(find_project(Path.cwd()), progress, variables)


def read_settings(root: Path | None, **given: Any) -> Settings:
    """Return the publish settings from `given` (None is not set), the environment, the project and the user's configuration."""
    from hatch_tilebox.project.publish_settings import load_settings, read_user_table
    from hatch_tilebox.project.pyproject import read_pyproject

    return load_settings(
        given={key.replace("_", "-"): value for key, value in given.items() if value is not None},
        pyproject=read_pyproject(root) if root is not None and (root / "pyproject.toml").exists() else None,
        user=read_user_table(),
    )


def open_here(to: str | None, progress: Progress) -> closing[Destination]:
    """Open the destination `to`, by default that of the project."""
    from hatch_tilebox.project.workflow_file import advice_on_missing
    from hatch_tilebox.publish.addresses import no_destination
    from hatch_tilebox.publish.open import open_destination

    root = project_root()
    settings = read_settings(root, to=to)
    if root is None and not settings.to:
        advice = f"or run this in a project, which names it; {advice_on_missing(Path.cwd())}"
        raise no_destination(advice)
    return open_destination(settings, Path.cwd(), prompt=ask_secret, progress=progress)


def pick_release(
    destination: Destination, *, workflow: str | None, selector: str | None, latest: bool, **_others: Any
) -> PublishedRelease:
    """Return the release that the options select: either an id or the latest."""
    from hatch_tilebox.publish.fetch import select_published

    if latest == (selector is not None):
        msg = "select the release with either --release ID or --latest"
        raise click.UsageError(msg)
    return select_published(destination, require_workflow(workflow), selector)


def listed_workflow(url: str | None, workflow: str | None) -> str | None:
    """Return the slug that the user names, at the destination of the project by default its own. None is any workflow."""
    return workflow or (None if url else workflow_slug())


def published_or_latest(destination: Destination, url: str | None, workflow: str | None, selector: str | None) -> PublishedRelease:
    """Return the release that `selector` names, by default the latest, of the workflow in `listed_workflow`."""
    from hatch_tilebox.publish.fetch import select_published

    return select_published(destination, listed_workflow(url, workflow), selector)


def clusters_named(text: str) -> tuple[str, ...]:
    """Return the clusters of the project's target `text`, or else the comma-separated slugs in it."""
    from hatch_tilebox.project.releases import read_config

    root = project_root()
    targets = read_config(root).targets if root else {}
    return targets[text] if text in targets else named_clusters(None, text)


def named_clusters(target: str | None, cluster: str | None, **_others: Any) -> tuple[str, ...]:
    """Return the clusters that the options select, none for the default cluster."""
    from hatch_tilebox.project.releases import clusters_of

    if target is not None and cluster is not None:
        refuse_combination("--target", "--cluster")
    if target is not None:
        return clusters_of(project_root(), target)
    if cluster is None:
        return ()
    slugs = tuple(slug.strip() for slug in cluster.split(","))
    if not all(slugs):
        msg = f"--cluster {cluster!r} has an empty slug"
        raise click.UsageError(msg)
    return slugs
