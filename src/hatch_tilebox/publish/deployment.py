"""Releases on clusters: deployed, taken off, and what ran there before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from shlex import quote
from time import perf_counter
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hatch_tilebox.plugins.destination import Destination, PublishedRelease

__all__ = [
    "Cluster",
    "Deployer",
    "Deployment",
    "deploy_release",
    "no_such_release",
    "plan_deployment",
    "undeploy_release",
]


@dataclass(frozen=True)
class Deployed:
    """A release that runs on a cluster: the slug of its workflow, its id, and name and version of its tasks."""

    workflow: str
    release: str
    tasks: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Cluster:
    """A cluster and the releases deployed to it, at most one of each workflow."""

    slug: str
    deployed: tuple[Deployed, ...]

    def release_of(self, workflow: str) -> str | None:
        """The id of the release of this workflow, if it has one."""
        return next((deployed.release for deployed in self.deployed if deployed.workflow == workflow), None)


class Deployer(ABC):
    """A destination that maps releases to clusters. Methods raise PublishError for what the user can fix.

    `to` is the value of `--to` that names it.
    """

    to = ""

    @abstractmethod
    def clusters(self) -> list[Cluster]:
        """Return all clusters, with what runs on them."""

    @abstractmethod
    def cluster(self, slug: str) -> Cluster:
        """The cluster of this slug; "" means the default cluster."""

    @abstractmethod
    def tasks(self, workflow: str, release: str) -> frozenset[tuple[str, str]]:
        """Name and version of a release's tasks."""

    @abstractmethod
    def deploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        """Map the release to the clusters, or to the default one where none is named. Gives the slugs of those it is mapped to."""

    @abstractmethod
    def undeploy(self, workflow: str, release: str | None, clusters: Sequence[str]) -> tuple[str, ...]:
        """Take the release, or with None the one that runs, off the clusters or the default one. Returns their slugs."""

    def unpublish(self, workflow: str, release: str) -> None:  # noqa: ARG002 -- for subclasses
        """Remove a release that runs nowhere."""
        raise PublishError(Problem(f"{self.to or 'this destination'} does not remove releases", hint="releases stay in a folder"))


@dataclass(frozen=True)
class Deployment:
    """What became of a deployment; `release` is None where it is only planned.

    `before` maps each cluster to the release of the workflow that it had, None where none. `back` are the commands that undo it.
    """

    workflow: str
    release: str | None
    clusters: tuple[str, ...]
    before: dict[str, str | None]
    back: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
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
    """What a deployment of these tasks would change, without changing it. No cluster named means the default one.

    Raises PublishError where another workflow on one of the clusters serves a task of the same name and version: a release runner
    would advertise neither of the two.
    """
    deployer = _deployer(destination)
    found = [deployer.cluster(slug) for slug in clusters or ("",)]
    _refuse_conflicts(workflow, tasks, found)
    before = {cluster.slug: cluster.release_of(workflow) for cluster in found}
    return Deployment(workflow, None, tuple(before), before)


def deploy_release(
    destination: Destination, release: PublishedRelease, clusters: Sequence[str], *, progress: Progress | None = None
) -> Deployment:
    """Map a published release to clusters, or to the default one where none is named. Raises what `plan_deployment` raises."""
    deployer = _deployer(destination)
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
    """Take a published release off clusters, or off the default one where none is named."""
    deployer = _deployer(destination)
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
    # People paste it into a shell, and a service chose its parts.
    named = f"--workflow {quote(workflow)} --release {quote(release)} --cluster {quote(','.join(clusters))}"
    return f"hatch-tilebox {name}{to} {named}"


def no_such_release(workflow: str, release: str) -> PublishError:
    """The error of a release that its workflow does not have."""
    return PublishError(Problem(f"workflow {workflow!r} has no release {release}", hint="hatch-tilebox releases lists them"))


def _deployer(destination: Destination) -> Deployer:
    if isinstance(destination, Deployer):
        return destination
    raise PublishError(Problem(f"{destination.url} has no clusters", hint="deploy at Tilebox, --to tilebox, or in a folder"))


def _refuse_conflicts(workflow: str, tasks: frozenset[tuple[str, str]], clusters: Sequence[Cluster]) -> None:
    problems = [
        Problem(
            f"cluster {cluster.slug!r} already has task {name!r} {version} from workflow {other.workflow!r}; a release runner "
            f"would advertise neither that one nor the one of {workflow!r}",
            hint="rename one of the tasks, give it another version, or deploy to another cluster",
        )
        for cluster in clusters
        for other in cluster.deployed
        if other.workflow != workflow
        for name, version in sorted(tasks & other.tasks)
    ]
    if problems:
        raise PublishError(*problems)


def _report(deployment: Deployment, progress: Progress) -> Deployment:
    for command in deployment.back:
        progress.result("To go back", command)
    return deployment
