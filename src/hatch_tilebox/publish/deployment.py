"""Deploys releases to clusters and removes them, and reports how to go back."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from time import perf_counter
from typing import TYPE_CHECKING

from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.deployer import no_conflicts, require_deployer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hatch_tilebox.plugins.destination import Destination, PublishedRelease
    from hatch_tilebox.publish.deployer import Deployer


@dataclass(frozen=True)
class Deployment:
    """The result of a deployment; `release` is None if it is only planned.

    `before` maps each cluster to the id of the workflow's release that it had, or None. `back` are the commands that undo it.
    """

    workflow: str
    release: str | None
    clusters: tuple[str, ...]
    before: dict[str, str | None]
    back: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "workflow": self.workflow,
            "release": self.release,
            "clusters": list(self.clusters),
            "before": self.before,
            "back": list(self.back),
        }


def plan_deployment(
    destination: Destination, workflow: str, tasks: frozenset[tuple[str, str]], clusters: Sequence[str]
) -> Deployment:
    """Return what a deployment of these tasks would change, without changing it. No cluster means the default one.

    Raises PublishError if another workflow on one of the clusters has a task with the same name and version.
    """
    deployer = require_deployer(destination)
    found = [deployer.cluster(slug) for slug in clusters or ("",)]
    no_conflicts(workflow, tasks, found)
    before = {cluster.slug: cluster.release_of(workflow) for cluster in found}
    return Deployment(workflow, None, tuple(before), before)


def deploy_release(
    destination: Destination, release: PublishedRelease, clusters: Sequence[str], *, progress: Progress | None = None
) -> Deployment:
    """Map a published release to clusters, or to the default one if none is named. Raises what `plan_deployment` raises."""
    deployer = require_deployer(destination)
    progress = progress or Progress()
    workflow = release.workflow
    progress.started("Deploying")
    began = perf_counter()
    before = plan_deployment(destination, workflow, deployer.tasks(workflow, release.id), clusters).before
    reached = deployer.deploy(workflow, release.id, clusters)
    progress.finished(", ".join(reached), seconds=perf_counter() - began)
    progress.table(("Cluster", "Before"), [(slug, before.get(slug) or "nothing of this workflow") for slug in reached])
    clusters_before: dict[str | None, list[str]] = {}
    for slug, identifier in before.items():
        clusters_before.setdefault(identifier, []).append(slug)
    back = tuple(
        _command(deployer, "deploy", workflow, identifier, slugs)
        if identifier
        else _command(deployer, "undeploy", workflow, release.id, slugs)
        for identifier, slugs in clusters_before.items()
        if identifier != release.id
    )
    return _report(Deployment(workflow, release.id, reached, before, back), progress)


def undeploy_release(
    destination: Destination, release: PublishedRelease, clusters: Sequence[str], *, progress: Progress | None = None
) -> Deployment:
    """Remove a published release from clusters, or from the default one if none is named."""
    deployer = require_deployer(destination)
    progress = progress or Progress()
    progress.started("Undeploying")
    began = perf_counter()
    before = {cluster.slug: cluster.release_of(release.workflow) for cluster in map(deployer.cluster, clusters or ("",))}
    reached = deployer.undeploy(release.workflow, release.id, clusters)
    progress.finished(", ".join(reached), seconds=perf_counter() - began)
    served = [slug for slug, identifier in before.items() if identifier == release.id]
    back = (_command(deployer, "deploy", release.workflow, release.id, served),) if served else ()
    return _report(Deployment(release.workflow, release.id, reached, before, back), progress)


def _command(deployer: Deployer, name: str, workflow: str, release: str, clusters: Sequence[str]) -> str:
    to = f" --to {quote(deployer.to)}" if deployer.to else ""
    # Users paste it into a shell, and a service chose its parts.
    named = f"--workflow {quote(workflow)} --release {quote(release)} --cluster {quote(','.join(clusters))}"
    return f"hatch-tilebox {name}{to} {named}"


def _report(deployment: Deployment, progress: Progress) -> Deployment:
    for command in deployment.back:
        progress.result("To go back", command)
    return deployment
