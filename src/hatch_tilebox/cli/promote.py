"""`hatch-tilebox promote`: deploys the release of one cluster to others."""

from __future__ import annotations

from contextlib import closing

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import clusters_named, open_here, require_workflow


@click.command(short_help="Deploy the release of one cluster to others")
@click.option("--from", "source", metavar="NAME", required=True, help="A target, or slugs of clusters, that have the release.")
@click.option("--to", "goal", metavar="NAME", required=True, help="A target, or slugs of clusters, that get it.")
@click.option("--workflow", metavar="SLUG", help="The workflow.  [default: this project's]")
@click.option("--destination", metavar="URL", help="The Tilebox API, or a folder.  [default: the project's destination]")
@output_options
def command(
    source: str, goal: str, workflow: str | None, destination: str | None, *, as_json: bool, quiet: int, verbose: int
) -> None:
    """Deploy to --to the very release that runs on --from, with the checks and the plan of `deploy`.

    Example: hatch-tilebox promote --from staging --to production
    """
    from hatch_tilebox.publish.deployment import promote_release
    from hatch_tilebox.publish.notes import DeploymentNotes, notes_file

    slug, notes = require_workflow(workflow), DeploymentNotes(notes_file())
    with closing(RichProgress(verbose - quiet)) as progress, open_here(destination, progress) as opened:
        done = promote_release(opened, slug, clusters_named(source), clusters_named(goal), notes=notes, progress=progress)
    if as_json:
        show_json(done.to_dict())
    else:
        show_line(f"{done.release} runs on {', '.join(done.clusters)}")
        show_next("promote", to=destination)
