"""`hatch-tilebox rollback`: deploys the release that ran before."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import cluster_options, named_clusters, open_here, require_workflow


@click.command(short_help="Deploy the release that ran before")
@cluster_options
@output_options
def command(*, as_json: bool, quiet: int, verbose: int, **given: Any) -> None:
    """Deploy to each cluster the release that it had before the current one. A second rollback goes back to the current one.

    A folder keeps a history. For the Tilebox API, which has none, this machine keeps a note of its own deployments.

    Example: hatch-tilebox rollback --cluster production
    """
    from hatch_tilebox.publish.deployment import roll_back
    from hatch_tilebox.publish.notes import DeploymentNotes, notes_file

    clusters, workflow = named_clusters(given["target"], given["cluster"]), require_workflow(given["workflow"])
    with closing(RichProgress(verbose - quiet)) as progress, open_here(given["to"], progress) as destination:
        done = roll_back(destination, workflow, clusters, notes=DeploymentNotes(notes_file()), progress=progress)
    if as_json:
        show_json(done.to_dict())
        return
    for each in done.deployments:
        show_line(f"{each.release} runs on {', '.join(each.clusters)}")
    show_next("rollback", to=given["to"])
