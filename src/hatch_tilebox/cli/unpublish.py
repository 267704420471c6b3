"""`hatch-tilebox unpublish`: a release is removed from a destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.current_project import open_here, pick_release
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import output_options, selection_options, workflow_option
from hatch_tilebox.cli.output import show_line

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@click.option("--to", metavar="URL", help="The Tilebox API.  [default: the project's destination]")
@workflow_option
@selection_options
@click.option("-y", "--yes", is_flag=True, help="Remove it without asking.")
@output_options
def command(to: str | None, *, yes: bool, output: Output, **given: Any) -> None:
    """Remove one release from the Tilebox API. This cannot be undone.

    A release that is deployed is not removed: undeploy it first.

    Example: hatch-tilebox unpublish --latest --yes
    """
    from hatch_tilebox.publish.deployment import unpublish_release

    with output.progress() as progress, open_here(to, progress) as destination:
        release = pick_release(destination, **given)
        agreed = yes or output.agreed(f"Remove release {release.id} of {release.workflow} from {destination.url}?")
        if agreed:
            unpublish_release(destination, release, progress=progress)
    result = {"workflow": release.workflow, "release": release.id, "removed": agreed}
    if not agreed:
        output.show(result)
        show_line("Nothing was changed; --yes removes it.", err=True)
        raise click.exceptions.Exit(1)
    output.show(result, f"{release.id} is removed")
    show_next("unpublish", to=to)
