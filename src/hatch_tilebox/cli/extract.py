"""`hatch-tilebox extract`: check a release and unpack it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.current_project import named_or_project
from hatch_tilebox.cli.options import output_options, release_argument

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@release_argument
@click.option(
    "--to", type=click.Path(path_type=Path), help="Folder that does not exist yet or is empty.  [default: the release's name]"
)
@output_options
def command(file: Path | None, to: Path | None, *, output: Output) -> None:
    """Check FILE and unpack it. A refused FILE leaves nothing behind.

    Without FILE, the release of the project in the current folder, built if it is out of date.

    Example: hatch-tilebox extract dist/scene_qa-1.2.0.tbrelease --to unpacked
    """
    from hatch_tilebox.archive.extract import extract_archive
    from hatch_tilebox.core.constants import RELEASE_SUFFIX

    with output.progress() as progress:
        path = named_or_project(file, progress)
        target = Path(os.path.abspath(to or path.name.removesuffix(RELEASE_SUFFIX)))  # noqa: PTH100 -- without `..`, links as they are
        progress.started("Unpacking")
        manifest = extract_archive(path, target)
        progress.finished(f"{len(manifest.files)} files")
        for entry in manifest.files:
            progress.detail(entry.path)
    output.show({"path": str(target), "files": len(manifest.files)}, target)
