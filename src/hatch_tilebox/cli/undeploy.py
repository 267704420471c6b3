"""`hatch-tilebox undeploy`: remove a release from clusters."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import deploy_options, named_clusters, open_here, pick_release


@click.command(short_help="Remove a release from clusters")
@deploy_options
@output_options
def command(*, as_json: bool, quiet: int, verbose: int, **given: Any) -> None:
    """Remove a release from the clusters of --target or --cluster, by default from the default cluster.

    The release stays published and can be deployed again.

    Example: hatch-tilebox undeploy --latest --cluster staging
    """
    from hatch_tilebox.publish.deployment import undeploy_release

    clusters = named_clusters(given["target"], given["cluster"])
    with closing(RichProgress(verbose - quiet)) as progress, open_here(given["to"], progress) as destination:
        release = pick_release(destination, **{key: given[key] for key in ("workflow", "selector", "latest")})
        deployment = undeploy_release(destination, release, clusters, progress=progress)
    if as_json:
        show_json(deployment.to_dict())
    else:
        show_line(f"{release.id} is off {', '.join(deployment.clusters)}")
