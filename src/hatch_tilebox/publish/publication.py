"""Publishes an archive from start to end: verified, published and deployed, as the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.pipeline.verify import verify_release
from hatch_tilebox.publish.deployment import deploy_release, plan_deployment
from hatch_tilebox.publish.notes import DeploymentNotes
from hatch_tilebox.publish.open import open_destination
from hatch_tilebox.publish.policy import require_policies, running_releases
from hatch_tilebox.publish.policy_rules import Evidence
from hatch_tilebox.publish.service import publish_release
from hatch_tilebox.publish.steps import show_step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import LocalRelease
    from hatch_tilebox.publish.deployment import Deployment
    from hatch_tilebox.publish.settings import Settings
    from hatch_tilebox.publish.steps import StepLog


def publish_archive(
    local: LocalRelease,
    settings: Settings,
    *,
    base: Path,
    clusters: Sequence[str] = (),
    prompt: Callable[[str], str] | None,
    progress: Progress,
    log: StepLog,
) -> dict[str, Any]:
    """Publish an archive as `settings` ask for, and deploy it. Return the report as JSON values.

    A relative folder in the settings is relative to `base`; `clusters` are those of the target `settings.deploy`; `prompt` asks the
    user for a secret; `log` records the steps. Raises a `TileboxError` for user errors, before anything is sent if possible.
    """
    deployment: Deployment | None = None
    with open_destination(settings, base, prompt=prompt, progress=progress) as destination:
        if settings.deploy:
            with log.step("plan-deployment") as done:
                tasks = frozenset((task.name, task.version) for task in local.manifest.tasks)
                deployment = plan_deployment(destination, local.workflow, tasks, clusters)
                done.append(", ".join(deployment.clusters))
        if settings.policies:
            with log.step("policy") as done, show_step(progress, "Checking the policy") as shown:
                running = running_releases(settings.policies, destination, local.workflow, clusters if settings.deploy else None)
                done.append(require_policies(settings.policies, Evidence(local.manifest, local.artifact, running)))
                shown.append(done[-1])
        if settings.verify:
            with log.step("verify"):
                _verify(local.artifact.path, progress)
        publication = publish_release(
            local,
            destination,
            check_compatibility=settings.check_compatibility,
            allow_breaking=settings.allow_breaking,
            unique_versions=settings.unique_versions,
            allow_same_version=settings.allow_same_version,
            dry_run=settings.dry_run,
            progress=progress,
            log=log,
        )
        if deployment and publication.release and not settings.dry_run:
            with log.step("deploy") as done:
                deployment = deploy_release(destination, publication.release, clusters, notes=DeploymentNotes(), progress=progress)
                done.append(", ".join(deployment.clusters))
        elif deployment:
            log.skip("deploy", "dry run")
    return {**publication.to_dict(), "deployment": deployment.to_dict() if deployment else None, "steps": log.to_list()}


def refused_report(log: StepLog) -> dict[str, Any]:
    """Return the report of a publication that a step refused."""
    keys = ("id", "created", "digest", "fingerprint", "url", "workflow", "version", "tasks", "dry_run", "deployment")
    return {**dict.fromkeys(keys), "steps": log.to_list()}


def _verify(path: Path, progress: Progress) -> None:
    verification = verify_release(path, cold=True, progress=progress)
    if verification.problems:
        raise PublishError(*verification.problems)
