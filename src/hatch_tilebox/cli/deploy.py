"""`hatch-tilebox deploy`: deploy a published release to clusters."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import deploy_options, named_clusters, open_here, pick_release


@click.command(short_help="Deploy a published release to clusters")
@deploy_options
@output_options
def command(*, as_json: bool, quiet: int, verbose: int, **given: Any) -> None:
    """Deploy a published release to the clusters of --target or --cluster, by default to the default cluster.

    A cluster that already runs a task with the same name and version for another workflow is refused, because runners would
    advertise neither task.

    Example: hatch-tilebox deploy --latest --target production
    """
    from hatch_tilebox.publish.deployment import deploy_release

    clusters = named_clusters(given["target"], given["cluster"])
    with closing(RichProgress(verbose - quiet)) as progress, open_here(given["to"], progress) as destination:
        release = pick_release(destination, **{key: given[key] for key in ("workflow", "selector", "latest")})
        deployment = deploy_release(destination, release, clusters, progress=progress)
    if as_json:
        show_json(deployment.to_dict())
    else:
        show_line(f"{release.id} runs on {', '.join(deployment.clusters)}")
