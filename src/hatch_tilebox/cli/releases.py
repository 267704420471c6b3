"""`hatch-tilebox releases`: list the releases at a destination."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from hatch_tilebox.cli.console import RichProgress, SafeConsole, styled
from hatch_tilebox.cli.output import output_options, show_json
from hatch_tilebox.cli.publishing import describe, open_here, project_root, workflow_slug

_WIDE = 1000
"""Columns if stdout is not a terminal."""


@click.command(short_help="List published releases")
@click.argument("url", required=False)
@click.option("--workflow", metavar="SLUG", help="Only of this workflow.  [default: this project's, or all for a URL]")
@output_options
def command(url: str | None, workflow: str | None, *, as_json: bool, quiet: int, verbose: int) -> None:
    """List the releases at the destination URL, by default the project's destination. The latest is first.

    Example: hatch-tilebox releases file:///srv/releases
    """
    root = project_root(Path.cwd())
    with (
        closing(RichProgress(verbose - quiet)) as progress,
        open_here(url, progress) as destination,
    ):
        progress.started("Reading the releases")
        found = destination.releases(workflow or (None if url else workflow_slug(root)))
        progress.finished(f"{destination.url} has {len(found)} release{'' if len(found) == 1 else 's'}")
    if as_json:
        show_json({"url": destination.url, "releases": [release.to_dict() for release in found]})
        return
    from rich.table import Table

    console = SafeConsole()
    if not console.is_terminal:
        console.width = _WIDE
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("Workflow", "Version", "Release", "Digest", "Created", "Clusters"):
        table.add_column(title, overflow="fold", no_wrap=title == "Release")
    for release in found:
        table.add_row(*map(styled, (release.workflow, *describe(release))))
    console.print(table)
