"""Options and settings that commands with a destination share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hatch_tilebox.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import closing

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Destination, PublishedRelease
    from hatch_tilebox.publish.settings import Settings

    Command = TypeVar("Command", bound=Callable[..., Any])


def project_root(start: Path) -> Path | None:
    """Return the folder of the nearest workflow project upward from `start`, or None."""
    from hatch_tilebox.core.errors import ConfigError
    from hatch_tilebox.project.find import find_project

    try:
        return find_project(start)
    except ConfigError:
        return None


def read_settings(root: Path | None, **given: Any) -> Settings:
    """Return the publish settings from `given` (None is not set), the environment, the project and the user's configuration."""
    from hatch_tilebox.project.publish_settings import load_settings, read_user_table
    from hatch_tilebox.project.pyproject import read_pyproject

    return load_settings(
        given={key.replace("_", "-"): value for key, value in given.items() if value is not None},
        pyproject=read_pyproject(root) if root is not None and (root / "pyproject.toml").exists() else None,
        user=read_user_table(),
    )


def workflow_slug(root: Path | None) -> str | None:
    """Return the slug of the workflow project in `root`."""
    if root is None:
        return None
    from hatch_tilebox.project.releases import read_config

    return read_config(root).workflow.slug


def ask_secret(question: str) -> str:
    """Ask the user for a secret without showing it. Return "" if there is no terminal."""
    import sys

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    return str(click.prompt(printable(question), hide_input=True, err=True))


def policy_option(command: Command) -> Command:
    """Add `--policy`, as the argument `policy`."""
    text = "Check the rules in this TOML file too."
    return click.option("--policy", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=text)(command)


def deploy_options(command: Command) -> Command:
    """Add the options that select a release and its clusters."""
    for option in (
        click.option("--latest", is_flag=True, help="The latest release."),
        click.option("--release", "selector", metavar="ID", help="Id, project version, or start of an id or digest."),
    ):
        command = option(command)
    return cluster_options(command)


def cluster_options(command: Command) -> Command:
    """Add the options that select a destination, a workflow and clusters."""
    for option in (
        click.option("--to", metavar="URL", help="The Tilebox API, or a folder.  [default: the project's destination]"),
        click.option("--cluster", metavar="A,B", help="Slugs of clusters, comma-separated."),
        click.option("--target", metavar="NAME", help="The clusters of a target of tilebox.workflow.toml."),
        click.option("--workflow", metavar="SLUG", help="The workflow.  [default: this project's]"),
    ):
        command = option(command)
    return command


def open_here(to: str | None, progress: Progress) -> closing[Destination]:
    """Open the destination `to`, by default that of the project in the current folder."""
    from hatch_tilebox.project.workflow_file import advice_on_missing
    from hatch_tilebox.publish.addresses import no_destination
    from hatch_tilebox.publish.open import open_destination

    here = Path.cwd()
    root = project_root(here)
    settings = read_settings(root, to=to)
    if root is None and not settings.to:
        advice = f"or run this in a project, which names it; {advice_on_missing(here)}"
        raise no_destination(advice)
    return open_destination(settings, here, prompt=ask_secret, progress=progress)


def pick_release(destination: Destination, *, workflow: str | None, selector: str | None, latest: bool) -> PublishedRelease:
    """Return the release that the options select: either an id or the latest."""
    from hatch_tilebox.publish.fetch import select_published

    if latest == (selector is not None):
        msg = "select the release with either --release ID or --latest"
        raise click.UsageError(msg)
    return select_published(destination, require_workflow(workflow), selector)


def require_workflow(workflow: str | None) -> str:
    """Return the slug of the workflow that the options name, or else of this project."""
    slug = workflow or workflow_slug(project_root(Path.cwd()))
    if slug is None:
        from hatch_tilebox.project.workflow_file import advice_on_missing

        msg = f"select the workflow with --workflow, or run this command in its project; {advice_on_missing(Path.cwd())}"
        raise click.UsageError(msg)
    return slug


def clusters_named(text: str) -> tuple[str, ...]:
    """Return the clusters of the target `text` of this project, or else the comma-separated slugs in it."""
    from hatch_tilebox.project.releases import read_config

    root = project_root(Path.cwd())
    targets = read_config(root).targets if root else {}
    return targets[text] if text in targets else named_clusters(None, text)


def named_clusters(target: str | None, cluster: str | None) -> tuple[str, ...]:
    """Return the clusters that the options select, none for the default cluster."""
    from hatch_tilebox.project.releases import clusters_of

    if target is not None and cluster is not None:
        msg = "--target and --cluster cannot be used together"
        raise click.UsageError(msg)
    if target is not None:
        return clusters_of(project_root(Path.cwd()), target)
    if cluster is None:
        return ()
    slugs = tuple(slug.strip() for slug in cluster.split(","))
    if not all(slugs):
        msg = f"--cluster {cluster!r} has an empty slug"
        raise click.UsageError(msg)
    return slugs
