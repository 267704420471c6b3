"""`hatch-tilebox build`: build a release without a build frontend."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.output import env_option, output_options, show_json, show_line


@click.command(short_help="Build the release of a workflow project")
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the release.  [default: PROJECT/dist]")
@click.option("--no-cache", is_flag=True, help="Prepare a new runtime, and do not keep it.")
@env_option
@output_options
def command(
    project: Path, out: Path | None, *, no_cache: bool, env: tuple[str, ...], as_json: bool, quiet: int, verbose: int
) -> None:
    """Build the release of the workflow project in the folder PROJECT.

    The configuration is the nearest tilebox.workflow.toml upward from PROJECT.

    Example: hatch-tilebox build path/to/project --out releases
    """
    from hatch_tilebox.project.open import open_project

    settings = {**({"tilebox.output-dir": str(out.absolute())} if out else {}), **({"tilebox.cache": False} if no_cache else {})}
    opened = open_project(project, settings)
    with closing(RichProgress(verbose - quiet)) as progress:
        release = opened.build(opened.root / "dist", progress, env)
    artifact, manifest = release.artifact, release.manifest.to_dict()
    if as_json:
        result = {
            "path": str(artifact.path),
            "digest": artifact.sha256,
            "fingerprint": manifest["fingerprint"],
            "size": artifact.size,
            "tasks": manifest["tasks"],
            "files": manifest["files"],
        }
        show_json(result)
    else:
        show_line(artifact.path)
