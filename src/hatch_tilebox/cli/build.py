"""`hatch-tilebox build`: build a release without a build frontend."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.all_option import ForAll, repository_of
from hatch_tilebox.cli.build_flags import build_flags, given_settings
from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.output import env_option, format_option, output_options, show_json, show_line
from hatch_tilebox.core.paths import shortest_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.pipeline.build import Release


@click.command(cls=ForAll, short_help="Build the release of a workflow project")
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@build_flags
@env_option
@format_option
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    project: Path,
    *,
    env: tuple[str, ...],
    output_format: str,
    as_json: bool,
    quiet: int,
    verbose: int,
    **given: Any,
) -> None:
    """Build the release of the workflow project in the folder PROJECT.

    The configuration is the nearest tilebox.workflow.toml upward from PROJECT. The options of a build take precedence over the
    environment and the project.

    Example: hatch-tilebox build path/to/project --out releases
    """
    if given["output_dir"]:
        given["output_dir"] = given["output_dir"].absolute()  # of this folder, not of the project
    settings = given_settings(given)
    if output_format in {"github", "gitlab"} and not as_json:
        _build_with_annotations(ctx, project, settings, env, output_format, verbose - quiet)
        return
    with closing(RichProgress(verbose - quiet)) as progress:
        release = _build(project, settings, progress, env)
    artifact, manifest = release.artifact, release.manifest.to_dict()
    if as_json or output_format == "json":
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
        show_line(shortest_path(artifact.path))
        if given["output_dir"]:
            show_next("build", file=Path(shortest_path(artifact.path)))
        else:
            show_next("build", project=project)


def _build(project: Path, settings: Mapping[str, Any], progress: RichProgress, env: tuple[str, ...]) -> Release:
    from hatch_tilebox.project.open import open_project

    opened = open_project(project, settings)
    return opened.build((repository_of() or opened.root) / "dist", progress, env)


def _build_with_annotations(
    ctx: click.Context, project: Path, settings: Mapping[str, Any], env: tuple[str, ...], output_format: str, verbosity: int
) -> None:
    """Build, and print errors and warnings as annotations."""
    from hatch_tilebox.cli.annotations import CollectedWarnings, show_annotations
    from hatch_tilebox.core.errors import TileboxError

    with closing(CollectedWarnings(verbosity)) as progress:
        try:
            release = _build(project, settings, progress, env)
        except TileboxError as error:
            show_annotations(output_format, error.problems, progress.warnings)
            ctx.exit(error.exit_code)
    show_annotations(output_format, (), progress.warnings)
    if output_format == "github":
        show_line(shortest_path(release.artifact.path))
