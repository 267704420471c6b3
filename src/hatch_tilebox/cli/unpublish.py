"""`hatch-tilebox unpublish`: a release is removed from a destination."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import open_here, pick_release


@click.command(short_help="Remove a published release")
@click.option("--to", metavar="URL", help="The Tilebox API.  [default: the project's destination]")
@click.option("--workflow", metavar="SLUG", help="The workflow.  [default: this project's]")
@click.option("--release", "selector", metavar="ID", help="Id, project version, or start of an id or digest.")
@click.option("--latest", is_flag=True, help="The latest release.")
@click.option("-y", "--yes", is_flag=True, help="Remove it without asking.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    to: str | None,
    workflow: str | None,
    selector: str | None,
    *,
    latest: bool,
    yes: bool,
    as_json: bool,
    quiet: int,
    verbose: int,
) -> None:
    """Remove one release from the Tilebox API. This cannot be undone.

    A release that is deployed is not removed: undeploy it first.

    Example: hatch-tilebox unpublish --latest --yes
    """
    from hatch_tilebox.publish.unpublish import unpublish_release

    with closing(RichProgress(verbose - quiet)) as progress, open_here(to, progress) as destination:
        release = pick_release(destination, workflow=workflow, selector=selector, latest=latest)
        agreed = yes or _agreed(f"Remove release {release.id} of {release.workflow} from {destination.url}?", ask=not as_json)
        if agreed:
            unpublish_release(destination, release, progress=progress)
    if as_json:
        show_json({"workflow": release.workflow, "release": release.id, "removed": agreed})
    elif agreed:
        show_line(f"{release.id} is removed")
        show_next("unpublish", to=to)
    if not agreed:
        show_line("Nothing was changed; --yes removes it.", err=True)
        ctx.exit(1)


def _agreed(question: str, *, ask: bool) -> bool:
    """Return the answer of the user; no if there is no terminal."""
    from hatch_tilebox.core.printable import printable

    return ask and sys.stdin.isatty() and click.confirm(printable(question), err=True)
