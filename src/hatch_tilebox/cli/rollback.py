"""`hatch-tilebox rollback`: deploys the release that ran before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.current_project import named_clusters, open_here, require_workflow
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import cluster_options, output_options

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@cluster_options
@output_options
def command(*, output: Output, **given: Any) -> None:
    """Deploy to each cluster the release that it had before the current one. A second rollback goes back to the current one.

    A folder keeps a history. For the Tilebox API, which has none, this machine keeps a note of its own deployments.

    Example: hatch-tilebox rollback --cluster production
    """
    from hatch_tilebox.publish.deployment import roll_back
    from hatch_tilebox.publish.notes import DeploymentNotes

    clusters, workflow = named_clusters(**given), require_workflow(given["workflow"])
    with output.progress() as progress, open_here(given["to"], progress) as destination:
        done = roll_back(destination, workflow, clusters, notes=DeploymentNotes(), progress=progress)
    output.show(done.to_dict(), *(f"{each.release} runs on {', '.join(each.clusters)}" for each in done.deployments))
    show_next("rollback", to=given["to"])
