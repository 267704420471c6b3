"""`hatch-tilebox promote`: deploys the release of one cluster to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.current_project import clusters_named, open_here, require_workflow
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import output_options, workflow_option

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@click.option("--from", "source", metavar="NAME", required=True, help="A target, or slugs of clusters, that have the release.")
@click.option("--to", "goal", metavar="NAME", required=True, help="A target, or slugs of clusters, that get it.")
@workflow_option
@click.option("--destination", metavar="URL", help="The Tilebox API, or a folder.  [default: the project's destination]")
@output_options
def command(source: str, goal: str, workflow: str | None, destination: str | None, *, output: Output) -> None:
    """Deploy to --to the very release that runs on --from, with the checks and the plan of `deploy`.

    Example: hatch-tilebox promote --from staging --to production
    """
    from hatch_tilebox.publish.deployment import promote_release
    from hatch_tilebox.publish.notes import DeploymentNotes

    slug, notes = require_workflow(workflow), DeploymentNotes()
    with output.progress() as progress, open_here(destination, progress) as opened:
        done = promote_release(opened, slug, clusters_named(source), clusters_named(goal), notes=notes, progress=progress)
    output.show(done.to_dict(), f"{done.release} runs on {', '.join(done.clusters)}")
    show_next("promote", to=destination)
