"""`hatch-tilebox clusters`: the clusters of a destination, and what runs on them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.console import RichProgress, SafeConsole, styled
from hatch_tilebox.cli.output import output_options, show_json
from hatch_tilebox.cli.publishing import open_here

if TYPE_CHECKING:
    from hatch_tilebox.publish.deployer import Cluster

_WIDE = 1000
"""Columns where no terminal sets a limit."""


@click.command(short_help="List clusters and what runs on them")
@click.argument("url", required=False)
@output_options
def command(url: str | None, *, as_json: bool, quiet: int, verbose: int) -> None:
    """List the clusters at the destination URL, or else at the one this project publishes to, with the releases on them.

    Example: hatch-tilebox clusters tilebox
    """
    from hatch_tilebox.publish.deployer import require_deployer

    with closing(RichProgress(verbose - quiet)) as progress, open_here(url, progress) as destination:
        deployer = require_deployer(destination)
        progress.started("Reading the clusters")
        found = sorted(deployer.clusters(), key=lambda cluster: cluster.slug)
        progress.finished(f"{destination.url} has {len(found)} cluster{'' if len(found) == 1 else 's'}")
    if as_json:
        show_json({"url": destination.url, "clusters": [_to_dict(cluster) for cluster in found]})
    else:
        _show(found)


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


def _show(clusters: list[Cluster]) -> None:
    from rich.table import Table

    console = SafeConsole()
    if not console.is_terminal:
        console.width = _WIDE
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("Cluster", "Workflow", "Release", "Tasks"):
        table.add_column(title, overflow="fold", no_wrap=title == "Release")
    for cluster in clusters:
        if not cluster.deployed:
            table.add_row(styled(cluster.slug))
        for deployed in cluster.deployed:
            table.add_row(*map(styled, (cluster.slug, deployed.workflow, deployed.release, str(len(deployed.tasks)))))
    console.print(table)
