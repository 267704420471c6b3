"""`hatch-tilebox fetch`: download a published release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.current_project import open_here, published_or_latest
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import output_options, workflow_option

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@click.argument("url", required=False)
@click.option("--release", "selector", metavar="ID", help="Id, project version, or start of an id, digest or fingerprint.")
@workflow_option
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=".", help="Folder for the archive.")
@output_options
def command(url: str | None, selector: str | None, workflow: str | None, folder: Path, *, output: Output) -> None:
    """Fetch a release from the destination URL, by default the latest, and check its digest.

    The documents that the destination keeps with it, such as its SBOM, are written beside the archive if they are about it.

    Example: hatch-tilebox fetch file:///srv/releases --to downloads
    """
    from hatch_tilebox.publish.attachments import fetch_documents
    from hatch_tilebox.publish.fetch import fetch_release

    with output.progress() as progress, open_here(url, progress) as destination:
        release = published_or_latest(destination, url, workflow, selector)
        local = fetch_release(destination, release, folder, progress=progress)
        documents = fetch_documents(destination, release, local, progress)
        if documents:
            progress.result("Documents", ", ".join(path.name for path in documents))
    path = local.artifact.path
    output.show({**release.to_dict(), "path": str(path), "documents": [str(document) for document in documents]}, path)
    show_next("fetch", file=path)
