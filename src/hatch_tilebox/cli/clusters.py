"""`hatch-tilebox clusters`: the clusters of a destination, and what runs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.console import show_table
from hatch_tilebox.cli.current_project import open_here
from hatch_tilebox.cli.options import output_options
from hatch_tilebox.cli.output import show_json
from hatch_tilebox.core.progress import quantity
from hatch_tilebox.core.short_forms import short_ids
from hatch_tilebox.core.tables import Column

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.publish.deployer import Cluster

_COLUMNS = (Column("Cluster"), Column("Workflow", drop=1), Column("Release"), Column("Tasks", drop=2, right=True))


@click.command()
@click.argument("url", required=False)
@output_options
def command(url: str | None, *, output: Output) -> None:
    """List the clusters at the destination URL, or else at the one this project publishes to, with the releases on them.

    On a terminal, ids are short; `-v` and pipes have them whole. Where the terminal is too narrow, columns are left out in this
    order: Tasks, Workflow.

    Example: hatch-tilebox clusters tilebox
    """
    from hatch_tilebox.publish.deployer import require_deployer

    with output.progress() as progress, open_here(url, progress) as destination:
        deployer = require_deployer(destination)
        progress.started("Reading the clusters")
        found = sorted(deployer.clusters(), key=lambda cluster: cluster.slug)
        progress.finished(f"{destination.url} has {quantity(len(found), 'cluster')}")
    if output.as_json:
        show_json({"url": destination.url, "clusters": [_to_dict(cluster) for cluster in found]})
    else:
        show_table(_COLUMNS, _rows(found, whole=output.whole_ids), whole=output.whole_ids)


def _to_dict(cluster: Cluster) -> dict[str, Any]:
    return {
        "slug": cluster.slug,
        "deployed": [
            {
                "workflow": deployed.workflow,
                "release": deployed.release,
                "tasks": [{"name": name, "version": version} for name, version in sorted(deployed.tasks)],
            }
            for deployed in cluster.deployed
        ],
    }


def _rows(clusters: list[Cluster], *, whole: bool) -> list[tuple[str, ...]]:
    ids = short_ids([deployed.release for cluster in clusters for deployed in cluster.deployed])
    rows: list[tuple[str, ...]] = []
    for cluster in clusters:
        if not cluster.deployed:
            rows.append((cluster.slug, "", "", ""))
        for deployed in cluster.deployed:
            release = deployed.release if whole else ids[deployed.release]
            rows.append((cluster.slug, deployed.workflow, release, str(len(deployed.tasks))))
    return rows
