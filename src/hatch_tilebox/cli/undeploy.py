"""`hatch-tilebox undeploy`: remove a release from clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.current_project import named_clusters, open_here, pick_release, require_workflow
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import cluster_options, output_options, selection_options

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@cluster_options
@selection_options
@output_options
def command(*, output: Output, **given: Any) -> None:
    """Remove a release from the clusters of --target or --cluster, by default from the default cluster.

    With clusters but without --release and --latest, whatever release of the workflow runs there is removed. The release stays
    published and can be deployed again.

    Example: hatch-tilebox undeploy --latest --cluster staging
    """
    from hatch_tilebox.publish.deployment import undeploy_release
    from hatch_tilebox.publish.notes import DeploymentNotes

    clusters = named_clusters(**given)
    with output.progress() as progress, open_here(given["to"], progress) as destination:
        if clusters and not given["selector"] and not given["latest"]:
            workflow, release = require_workflow(given["workflow"]), None
        else:
            picked = pick_release(destination, **given)
            workflow, release = picked.workflow, picked.id
        notes = DeploymentNotes()
        deployment = undeploy_release(destination, workflow, release, clusters, notes=notes, progress=progress)
    output.show(deployment.to_dict(), f"{deployment.release or workflow} is off {', '.join(deployment.clusters)}")
    show_next("undeploy", to=given["to"])
