"""One publication from start to end, for every surface that publishes: verified, published, deployed, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from hatch_tilebox.progress import Progress
    from hatch_tilebox.publish.settings import Settings


def publish_archive(
    path: Path,
    settings: Settings,
    *,
    base: Path,
    project: Path | None,
    prompt: Callable[[str], str] | None,
    progress: Progress,
) -> dict[str, Any]:
    """Publish the archive `path` as `settings` say. Gives the report as JSON values.

    A relative folder in the settings is one of `base`; `project` is the folder of the workflow project, whose targets a deployment
    may name; `prompt` asks the user for a secret. Raises a `TileboxError` for whatever the user can fix, before anything is sent
    where that can be known.
    """
    from hatch_tilebox.publish.deployment import clusters_of, deploy_release, plan_deployment
    from hatch_tilebox.publish.destinations import open_destination
    from hatch_tilebox.publish.service import open_release, publish_release

    local = open_release(path, progress)
    clusters = clusters_of(project, settings.deploy) if settings.deploy else ()
    with open_destination(settings, base, prompt=prompt, progress=progress) as destination:
        deployment = None
        if settings.deploy:
            tasks = frozenset((task.name, task.version) for task in local.manifest.tasks)
            deployment = plan_deployment(destination, local.workflow, tasks, clusters)
        if settings.verify:
            _verify(path, progress)
        publication = publish_release(
            local,
            destination,
            check_compatibility=settings.check_compatibility,
            allow_breaking=settings.allow_breaking,
            dry_run=settings.dry_run,
            progress=progress,
        )
        if deployment and publication.release and not settings.dry_run:
            deployment = deploy_release(destination, publication.release, clusters, progress=progress)
    return {**publication.to_dict(), "deployment": deployment.to_dict() if deployment else None}


def current_release(root: Path) -> Path:
    """The archive of the current version of the project in `root`, where its builds put it.

    Raises PublishError where there is none, or several, listing what there is. This may ask the project's build backend.
    """
    import os

    from hatch_tilebox.config.options import build_table, load_options
    from hatch_tilebox.identity import read_metadata, read_project
    from hatch_tilebox.publish.locate import find_release

    metadata = read_metadata(root)
    project = read_project(root, metadata)
    table = build_table(metadata.hatch.build_config, metadata.hatch.build_targets)
    options = load_options(table, where="tool.hatch.build.hooks.tilebox", environ=os.environ)
    folder = root / (options.output_dir or "dist")
    return find_release([folder], project)


def _verify(path: Path, progress: Progress) -> None:
    from hatch_tilebox.verification import verify_release

    verification = verify_release(path, progress=progress)
    if not verification.ok:
        raise PublishError(*verification.problems)
