"""`hatch-tilebox publish`: publish a built release to a destination."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.output import output_options, show_json, show_line
from hatch_tilebox.cli.publishing import ask_secret, project_root, read_settings


@click.command(short_help="Publish a built release")
@click.argument("file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--to", metavar="URL", help="tilebox, https://…, oci://REGISTRY/REPOSITORY, file:///… or a folder.")
@click.option("--verify/--no-verify", default=None, help="Start the release's worker first; this runs its code.")
@click.option("--check-compatibility/--no-check-compatibility", default=None, help="Compare with the latest release there.")
@click.option("--allow-breaking", is_flag=True, default=None, help="Publish although jobs of the latest release would break.")
@click.option("--deploy", metavar="TARGET", help="Then deploy to the clusters of this target.")
@click.option("--artifact-url", metavar="URL", help="Where archives are uploaded for the Tilebox API, without its tool.")
@click.option("--dry-run", is_flag=True, default=None, help="Show what would happen, and change nothing.")
@output_options
def command(file: Path | None, *, as_json: bool, quiet: int, verbose: int, **given: Any) -> None:
    """Publish the release FILE, by default the project's current version in its dist folder.

    Publishing a release again changes nothing. The key of the Tilebox API is read from TILEBOX_API_KEY or the keyring.

    Example: hatch-tilebox publish --to file:///srv/releases
    """
    from hatch_tilebox.project.releases import clusters_of
    from hatch_tilebox.publish.publication import publish_archive

    root = project_root(Path.cwd())
    settings = read_settings(root, **given)
    with closing(RichProgress(verbose - quiet)) as progress:
        report = publish_archive(
            _find(file, root),
            settings,
            base=Path.cwd(),
            clusters=clusters_of(root, settings.deploy) if settings.deploy else (),
            prompt=ask_secret,
            progress=progress,
        )
    if as_json:
        show_json(report)
    elif report["id"]:
        show_line(report["id"])


def _find(file: Path | None, root: Path | None) -> Path:
    """Return the archive to publish."""
    if file is not None:
        from hatch_tilebox.publish.locate import find_release

        return find_release([file], None)
    from hatch_tilebox.project.find import find_project
    from hatch_tilebox.project.releases import current_release

    return current_release(root or find_project(Path.cwd()))
