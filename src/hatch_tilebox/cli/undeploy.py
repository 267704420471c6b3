"""`hatch-tilebox undeploy`: remove a release from clusters."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import deploy_options, named_clusters, open_here, pick_release, require_workflow


@click.command(short_help="Remove a release from clusters")
@deploy_options
@output_options
def command(*, as_json: bool, quiet: int, verbose: int, **given: Any) -> None:
    """Remove a release from the clusters of --target or --cluster, by default from the default cluster.

    With clusters but without --release and --latest, whatever release of the workflow runs there is removed. The release stays
    published and can be deployed again.

    Example: hatch-tilebox undeploy --latest --cluster staging
    """
    from hatch_tilebox.publish.deployment import undeploy_release
    from hatch_tilebox.publish.notes import DeploymentNotes, notes_file

    clusters = named_clusters(given["target"], given["cluster"])
    with closing(RichProgress(verbose - quiet)) as progress, open_here(given["to"], progress) as destination:
        if clusters and not given["selector"] and not given["latest"]:
            workflow, release = require_workflow(given["workflow"]), None
        else:
            picked = pick_release(destination, **{key: given[key] for key in ("workflow", "selector", "latest")})
            workflow, release = picked.workflow, picked.id
        notes = DeploymentNotes(notes_file())
        deployment = undeploy_release(destination, workflow, release, clusters, notes=notes, progress=progress)
    if as_json:
        show_json(deployment.to_dict())
    else:
        show_line(f"{deployment.release or workflow} is off {', '.join(deployment.clusters)}")
        show_next("undeploy", to=given["to"])
