"""`hatch-tilebox extract`: unpack a release that was checked."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(short_help="Unpack a release into a folder")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", type=click.Path(path_type=Path), help="Folder that does not exist yet or is empty.  [default: FILE's stem]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(file: Path, to: Path | None, *, as_json: bool) -> None:
    """Check FILE and unpack it. Nothing is left behind if it is refused.

    Example: hatch-tilebox extract dist/scene_qa-1.2.0.tbrelease --to unpacked
    """
    from hatch_tilebox.archive.extract import extract_archive
    from hatch_tilebox.model import RELEASE_SUFFIX

    target = (to or Path(file.name.removesuffix(RELEASE_SUFFIX))).absolute()
    manifest = extract_archive(file, target)
    click.echo(json.dumps({"path": str(target), "files": len(manifest.files)}, indent=2) if as_json else target)
