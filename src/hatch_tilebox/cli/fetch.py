"""`hatch-tilebox fetch`: download a published release."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import open_here, project_root, workflow_slug


@click.command(short_help="Fetch a published release")
@click.argument("url", required=False)
@click.option("--release", "selector", metavar="ID", help="Id, project version, or start of an id, digest or fingerprint.")
@click.option("--workflow", metavar="SLUG", help="The workflow.  [default: this project's]")
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=".", help="Folder for the archive.")
@output_options
def command(
    url: str | None, selector: str | None, workflow: str | None, folder: Path, *, as_json: bool, quiet: int, verbose: int
) -> None:
    """Fetch a release from the destination URL, by default the latest, and check its digest.

    The documents that the destination keeps with it, such as its SBOM, are written beside the archive if they are about it.

    Example: hatch-tilebox fetch file:///srv/releases --to downloads
    """
    from hatch_tilebox.publish.attachments import fetch_documents
    from hatch_tilebox.publish.fetch import fetch_release, select_published

    root = project_root(Path.cwd())
    with (
        closing(RichProgress(verbose - quiet)) as progress,
        open_here(url, progress) as destination,
    ):
        release = select_published(destination, workflow or (None if url else workflow_slug(root)), selector)
        local = fetch_release(destination, release, folder, progress=progress)
        documents = fetch_documents(destination, release, local, progress)
        if documents:
            progress.result("Documents", ", ".join(path.name for path in documents))
    if as_json:
        show_json({**release.to_dict(), "path": str(local.artifact.path), "documents": [str(path) for path in documents]})
    else:
        show_line(local.artifact.path)
        show_next("fetch", file=local.artifact.path)
