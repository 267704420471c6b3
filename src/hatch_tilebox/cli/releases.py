"""`hatch-tilebox releases`: list the releases at a destination."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.console import show_table
from hatch_tilebox.cli.current_project import listed_workflow, open_here
from hatch_tilebox.cli.options import output_options
from hatch_tilebox.cli.output import show_json
from hatch_tilebox.core.short_forms import format_age, short_ids
from hatch_tilebox.core.tables import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.plugins.destination import PublishedRelease

_COLUMNS = (
    Column("Workflow", drop=2),
    Column("Version"),
    Column("Release"),
    Column("Digest", drop=4),
    Column("Created", drop=3),
    Column("Clusters", drop=1),
)


@click.command()
@click.argument("url", required=False)
@click.option("--workflow", metavar="SLUG", help="Only of this workflow.  [default: this project's, or all for a URL]")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=0), default=50, help="List at most N releases; 0 lists all.  [default: 50]"
)
@output_options
def command(url: str | None, workflow: str | None, limit: int, *, output: Output) -> None:
    """List the latest releases at the destination URL, by default the project's destination. The latest is first.

    On a terminal, ids and digests are short and times relative; `-v` and pipes have them whole. Where the terminal is too narrow,
    columns are left out in this order: Digest, Created, Workflow, Clusters.

    Example: hatch-tilebox releases file:///srv/releases
    """
    with output.progress() as progress, open_here(url, progress) as destination:
        progress.started("Reading the releases")
        slug = listed_workflow(url, workflow)
        if limit:
            found, total = destination.newest(slug, limit)
        else:
            found = destination.releases(slug)
            total = len(found)
        number = f"more than {len(found)}" if total is None else f"{total:,}"
        progress.finished(f"{destination.url} has {number} release{'' if total == 1 else 's'}")
        if total != len(found):
            progress.note(f"the latest {len(found)} are listed; --limit 0 lists all")
    if output.as_json:
        show_json({"url": destination.url, "total": total, "releases": [release.to_dict() for release in found]})
        return
    whole = output.whole_ids
    show_table(_COLUMNS, _rows(found, whole=whole), whole=whole)


def _rows(releases: Sequence[PublishedRelease], *, whole: bool) -> list[tuple[str, ...]]:
    ids, digests = short_ids([each.id for each in releases]), short_ids([each.digest for each in releases])
    return [
        (
            each.workflow,
            each.version or "",
            each.id if whole else ids[each.id],
            each.digest if whole else digests[each.digest],
            each.created_at or "" if whole else format_age(each.created_at or ""),
            ", ".join(each.clusters),
        )
        for each in releases
    ]
