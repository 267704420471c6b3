"""Publishes an archive from start to end: verified, published and deployed, as the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.pipeline.verify import verify_release
from hatch_tilebox.publish.deployment import deploy_release, plan_deployment
from hatch_tilebox.publish.open import open_destination
from hatch_tilebox.publish.service import open_release, publish_release

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.publish.settings import Settings


def publish_archive(
    path: Path,
    settings: Settings,
    *,
    base: Path,
    clusters: Sequence[str] = (),
    prompt: Callable[[str], str] | None,
    progress: Progress,
) -> dict[str, Any]:
    """Publish the archive `path` as `settings` ask for. Return the report as JSON values.

    A relative folder in the settings is relative to `base`; `clusters` are those of the target `settings.deploy`; `prompt` asks the
    user for a secret. Raises a `TileboxError` for user errors, before anything is sent if possible.
    """
    local = open_release(path, progress)
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


def _verify(path: Path, progress: Progress) -> None:
    verification = verify_release(path, progress=progress)
    if not verification.ok:
        raise PublishError(*verification.problems)
