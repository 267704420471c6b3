"""`hatch-tilebox publish`: publish a built release to a destination."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.all_option import ForAll, repository_of
from hatch_tilebox.cli.current_project import project_root, read_settings
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import output_options, policy_option, unpublished_option
from hatch_tilebox.cli.output import ask_secret, show_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.publish.settings import Settings


@click.command(cls=ForAll)
@click.argument("file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--to", metavar="URL", help="tilebox, https://…, oci://REGISTRY/REPOSITORY, file:///… or a folder.")
@click.option("--verify/--no-verify", default=None, help="Start the release's worker first; this runs its code.")
@click.option("--check-compatibility/--no-check-compatibility", default=None, help="Compare with the latest release there.")
@click.option("--allow-breaking", is_flag=True, default=None, help="Publish although jobs of the latest release would break.")
@click.option("--unique-versions", is_flag=True, default=None, help="Refuse a version that the destination has.")
@click.option("--allow-same-version", is_flag=True, default=None, help="Publish although another release has this version.")
@click.option("--build/--no-build", default=None, help="Build the release first.  [default: if it is out of date]")
@click.option("--stale", is_flag=True, default=None, help="Publish although the project has changed.")
@click.option("--deploy", metavar="TARGET", help="Deploy it to the clusters of this target.")
@click.option("--artifact-url", metavar="URL", help="Where archives go, without Tilebox's tool.")
@policy_option
@click.option("--dry-run", is_flag=True, default=None, help="Show what would happen, and change nothing.")
@output_options
def command(file: Path | None, *, output: Output, **given: Any) -> None:
    """Publish the release FILE, by default that of the project in this folder, built if it is out of date.

    Publishing a release again changes nothing. The key of the Tilebox API is read from TILEBOX_API_KEY or the keyring.

    Example: hatch-tilebox publish --to file:///srv/releases
    """
    from hatch_tilebox.core.errors import TileboxError
    from hatch_tilebox.project.releases import clusters_of, prepare_release
    from hatch_tilebox.publish.publication import publish_archive, refused_report
    from hatch_tilebox.publish.steps import StepLog

    root = project_root()
    settings = read_settings(root, **given)
    log = StepLog()
    try:
        with output.progress() as progress:
            clusters = clusters_of(root, settings.deploy) if settings.deploy else ()
            local = prepare_release(
                [file] if file else [], root, settings, progress, log, repository=repository_of(), may_build=True
            )
            report = publish_archive(
                local, settings, base=Path.cwd(), clusters=clusters, prompt=ask_secret, progress=progress, log=log
            )
    except TileboxError:
        if output.as_json:
            show_json(refused_report(log))
        raise
    output.show(report, *([report["id"]] if report["id"] else []))
    if report["id"] and not settings.dry_run:
        workflow = None if root else report["workflow"]
        release = None if report["created"] else report["id"]
        show_next(_sort(settings, report), to=given["to"], release=release, workflow=workflow)


def _sort(settings: Settings, report: Mapping[str, Any]) -> str:
    """Return what was done, as in the table of next commands."""
    if report["deployment"]:
        return "publish and deploy"
    return "publish to a registry" if settings.to.startswith("oci://") else "publish"


unpublished_option(command)  # help shows it below those of `ForAll`
