"""`hatch-tilebox build`: build a release without a build frontend."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.all_option import ForAll, repository_of
from hatch_tilebox.cli.build_flags import build_flags, given_settings
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import env_option, format_option, output_options, project_argument
from hatch_tilebox.cli.output import show_line
from hatch_tilebox.core.paths import shortest_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.pipeline.build import Release


@click.command(cls=ForAll)
@project_argument
@build_flags
@env_option
@format_option
@output_options
def command(project: Path, *, env: tuple[str, ...], output: Output, **given: Any) -> None:
    """Build the release of the workflow project in the folder PROJECT.

    The configuration is the nearest tilebox.workflow.toml upward from PROJECT. The options of a build take precedence over the
    environment and the project.

    Example: hatch-tilebox build path/to/project --out releases
    """
    if given["output_dir"]:
        given["output_dir"] = given["output_dir"].absolute()  # of this folder, not of the project
    settings = given_settings(given)
    if output.form in {"github", "gitlab"}:
        _build_with_annotations(project, settings, env, output)
        return
    with output.progress() as progress:
        release = _build(project, settings, progress, env)
    artifact, manifest = release.artifact, release.manifest.to_dict()
    shown = shortest_path(artifact.path)
    result = {
        "path": str(artifact.path),
        "digest": artifact.sha256,
        "fingerprint": manifest["fingerprint"],
        "size": artifact.size,
        "tasks": manifest["tasks"],
        "files": manifest["files"],
    }
    output.show(result, shown)
    if given["output_dir"]:
        show_next("build", file=Path(shown))
    else:
        show_next("build", project=project)


def _build(project: Path, settings: Mapping[str, Any], progress: Progress, env: tuple[str, ...]) -> Release:
    from hatch_tilebox.project.open import open_project

    opened = open_project(project, settings)
    return opened.build((repository_of() or opened.root) / "dist", progress, env)


def _build_with_annotations(project: Path, settings: Mapping[str, Any], env: tuple[str, ...], output: Output) -> None:
    """Build, and print errors and warnings as annotations."""
    from hatch_tilebox.cli.annotations import CollectedWarnings, show_annotations
    from hatch_tilebox.core.errors import TileboxError

    with closing(CollectedWarnings(output.verbosity)) as progress:
        try:
            release = _build(project, settings, progress, env)
        except TileboxError as error:
            show_annotations(output.form, error.problems, progress.warnings)
            raise click.exceptions.Exit(error.exit_code) from None
    show_annotations(output.form, (), progress.warnings)
    if output.form == "github":
        show_line(shortest_path(release.artifact.path))
