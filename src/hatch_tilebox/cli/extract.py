"""`hatch-tilebox extract`: check a release and unpack it."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.release_argument import named_or_project, release_argument


@click.command(short_help="Unpack a release into a folder")
@release_argument
@click.option(
    "--to", type=click.Path(path_type=Path), help="Folder that does not exist yet or is empty.  [default: the release's name]"
)
@output_options
def command(file: Path | None, to: Path | None, *, as_json: bool, quiet: int, verbose: int) -> None:
    """Check FILE and unpack it. A refused FILE leaves nothing behind.

    Without FILE, the release of the project in the current folder, built if it is out of date.

    Example: hatch-tilebox extract dist/scene_qa-1.2.0.tbrelease --to unpacked
    """
    from hatch_tilebox.archive.extract import extract_archive
    from hatch_tilebox.core.constants import RELEASE_SUFFIX

    with closing(RichProgress(verbose - quiet)) as progress:
        path = named_or_project(file, progress)
        target = Path(os.path.abspath(to or path.name.removesuffix(RELEASE_SUFFIX)))  # noqa: PTH100 -- without `..`, links as they are
        progress.started("Unpacking")
        manifest = extract_archive(path, target)
        progress.finished(f"{len(manifest.files)} files")
        for entry in manifest.files:
            progress.detail(entry.path)
    if as_json:
        show_json({"path": str(target), "files": len(manifest.files)})
    else:
        show_line(target)
