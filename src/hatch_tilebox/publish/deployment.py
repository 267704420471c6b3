"""Deploys releases to clusters and removes them from there or from the destination, and reports how to go back."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.deployer import CONFLICT_HINT, find_published, no_conflicts, require_deployer
from hatch_tilebox.publish.plan import make_plan, require_unchanged, show_plan
from hatch_tilebox.publish.steps import show_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hatch_tilebox.plugins.destination import Destination, PublishedRelease
    from hatch_tilebox.publish.deployer import Deployer
    from hatch_tilebox.publish.notes import DeploymentNotes
    from hatch_tilebox.publish.plan import DeploymentPlan


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
    plan: DeploymentPlan | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "workflow": self.workflow,
            "release": self.release,
            "clusters": list(self.clusters),
            "before": self.before,
            "back": list(self.back),
            "plan": self.plan.to_dict() if self.plan else None,
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
    destination: Destination,
    release: PublishedRelease,
    clusters: Sequence[str],
    *,
    notes: DeploymentNotes | None = None,
    progress: Progress | None = None,
) -> Deployment:
    """Map a published release to clusters, or to the default one if none is named. Shows the plan, and returns it with the result.

    `notes` records the deployment if the destination keeps no history. Raises PublishError if the plan has conflicts.
    """
    deployer, progress, workflow = require_deployer(destination), progress or Progress(), release.workflow
    with show_step(progress, "Deploying") as done:
        plan = make_plan(destination, release, clusters)
        if found := [conflict for each in plan.clusters for conflict in each.conflicts]:
            raise PublishError(*(Problem(message, hint=CONFLICT_HINT, code="TBX507") for message in found))
        before = {each.cluster: each.now for each in plan.clusters}
        reached = deployer.deploy(workflow, release.id, clusters)
        done.append(", ".join(reached))
    show_plan(plan, progress)
    if notes:
        _note(deployer, notes, workflow, before, release.id)
    back = tuple(
        _command(deployer, "deploy", workflow, identifier, slugs)
        if identifier
        else _command(deployer, "undeploy", workflow, release.id, slugs)
        for identifier, slugs in _by_release(before).items()
        if identifier != release.id
    )
    return _report(Deployment(workflow, release.id, reached, before, back, plan), progress)


def apply_plan(
    destination: Destination, plan: DeploymentPlan, *, notes: DeploymentNotes | None = None, progress: Progress | None = None
) -> Deployment:
    """Deploy as a saved plan says. Raises PublishError if a cluster has changed since."""
    require_unchanged(plan, destination)
    release = find_published(destination, plan.workflow, plan.release)
    return deploy_release(destination, release, [each.cluster for each in plan.clusters], notes=notes, progress=progress)


def undeploy_release(
    destination: Destination,
    workflow: str,
    release: str | None,
    clusters: Sequence[str],
    *,
    notes: DeploymentNotes | None = None,
    progress: Progress | None = None,
) -> Deployment:
    """Remove a release from clusters, or from the default one if none is named. None removes whatever of the workflow is there."""
    deployer, progress = require_deployer(destination), progress or Progress()
    with show_step(progress, "Undeploying") as done:
        before = {cluster.slug: cluster.release_of(workflow) for cluster in map(deployer.cluster, clusters or ("",))}
        reached = deployer.undeploy(workflow, release, clusters)
        done.append(", ".join(reached))
    removed = {slug: found for slug, found in before.items() if found and release in {found, None}}
    if notes:
        _note(deployer, notes, workflow, removed, None)
    back = tuple(_command(deployer, "deploy", workflow, found, slugs) for found, slugs in _by_release(removed).items() if found)
    only = release or (next(iter(removed.values())) if len(set(removed.values())) == 1 else None)
    return _report(Deployment(workflow, only, reached, before, back), progress)


def promote_release(
    destination: Destination,
    workflow: str,
    source: Sequence[str],
    clusters: Sequence[str],
    *,
    notes: DeploymentNotes | None = None,
    progress: Progress | None = None,
) -> Deployment:
    """Deploy to `clusters` the very release that runs on the clusters `source`. Raises PublishError if it is not exactly one."""
    deployer = require_deployer(destination)
    running = {slug: deployer.cluster(slug).release_of(workflow) for slug in source}
    found = set(running.values())
    if len(found) != 1 or None in found:
        shown = ", ".join(f"{slug} has {release or 'none'}" for slug, release in running.items())
        message = f"there is not exactly one release of workflow {workflow!r} to promote: {shown}"
        raise PublishError(Problem(message, hint="name clusters that all have the same release", code="TBX520"))
    release = find_published(destination, workflow, str(found.pop()))
    return deploy_release(destination, release, clusters, notes=notes, progress=progress)


def unpublish_release(destination: Destination, release: PublishedRelease, *, progress: Progress | None = None) -> None:
    """Remove a release from its destination.

    Raises PublishError if a cluster runs it, or the destination does not remove releases.
    """
    deployer, progress = require_deployer(destination), progress or Progress()
    with show_step(progress, "Removing") as done:
        if clusters := [cluster.slug for cluster in deployer.clusters() if cluster.release_of(release.workflow) == release.id]:
            command = _command(deployer, "undeploy", release.workflow, release.id, clusters)
            message = f"release {release.id} runs on {','.join(clusters)}"
            raise PublishError(Problem(message, hint=f"first run: {command}", code="TBX514"))
        deployer.unpublish(release.workflow, release.id)
        done.append(f"release {release.id}")


@dataclass(frozen=True)
class Rollback:
    """Deployments of earlier releases. `source` is "history" of the destination, or "note" of this machine."""

    source: str
    deployments: tuple[Deployment, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {"source": self.source, "deployments": [each.to_dict() for each in self.deployments]}


def roll_back(
    destination: Destination, workflow: str, clusters: Sequence[str], *, notes: DeploymentNotes, progress: Progress | None = None
) -> Rollback:
    """Deploy to each cluster the release of the workflow that it had before the current one.

    The destination's history counts, or `notes` if it keeps none. Raises PublishError if a cluster had no other release.
    """
    deployer, progress = require_deployer(destination), progress or Progress()
    before: dict[str, str | None] = {}
    source = "history"
    for cluster in map(deployer.cluster, clusters or ("",)):
        known = deployer.history(workflow, cluster.slug)
        if known is None:
            source, known = "note", notes.read(deployer.to, cluster.slug, workflow)
        now = cluster.release_of(workflow)
        before[cluster.slug] = next((release for release in known if release != now), None)
    origin = f"the history of {destination.url}" if source == "history" else f"this machine's note {notes.path}"
    if missing := [slug for slug, release in before.items() if release is None]:
        message = f"{origin} has no earlier release of workflow {workflow!r} on {', '.join(missing)}"
        raise PublishError(
            Problem(message, hint="name one with hatch-tilebox deploy --release; hatch-tilebox releases lists them", code="TBX503")
        )
    progress.note(f"going back by {origin}")
    groups = [(find_published(destination, workflow, str(release)), slugs) for release, slugs in _by_release(before).items()]
    done = [deploy_release(destination, release, slugs, notes=notes, progress=progress) for release, slugs in groups]
    return Rollback(source, tuple(done))


def _by_release(releases: Mapping[str, str | None]) -> dict[str | None, list[str]]:
    """Return the clusters of each release."""
    groups: dict[str | None, list[str]] = {}
    for slug, release in releases.items():
        groups.setdefault(release, []).append(slug)
    return groups


def _note(deployer: Deployer, notes: DeploymentNotes, workflow: str, before: Mapping[str, str | None], release: str | None) -> None:
    """Record what clusters had before and have now, if the destination keeps no history."""
    for slug, earlier in before.items():
        if deployer.history(workflow, slug) is None:
            notes.add(deployer.to, slug, workflow, (earlier, release))


def _command(deployer: Deployer, name: str, workflow: str, release: str, clusters: Sequence[str]) -> str:
    to = f" --to {quote(deployer.to)}" if deployer.to else ""
    # Users paste it into a shell, and a service chose its parts.
    named = f"--workflow {quote(workflow)} --release {quote(release)} --cluster {quote(','.join(clusters))}"
    return f"hatch-tilebox {name}{to} {named}"


def _report(deployment: Deployment, progress: Progress) -> Deployment:
    for command in deployment.back:
        progress.result("To go back", command)
    return deployment
