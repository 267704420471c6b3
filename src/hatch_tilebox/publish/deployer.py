"""The interface of destinations that map releases to clusters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.plugins.destination import Destination, PublishedRelease

CONFLICT_HINT = "rename one of the tasks, give it another version, or deploy to another cluster"


@dataclass(frozen=True)
class Deployed:
    """A release on a cluster: the slug of its workflow, its id, and name and version of its tasks."""

    workflow: str
    release: str
    tasks: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Cluster:
    """A cluster and the releases on it, at most one of each workflow."""

    slug: str
    deployed: tuple[Deployed, ...]

    def find(self, workflow: str) -> Deployed | None:
        """Return the release of a workflow on this cluster, or None."""
        return next((deployed for deployed in self.deployed if deployed.workflow == workflow), None)

    def release_of(self, workflow: str) -> str | None:
        """Return the id of the release of a workflow on this cluster, or None."""
        found = self.find(workflow)
        return found.release if found else None


class Deployer(ABC):
    """A destination that maps releases to clusters. Methods raise PublishError for errors that the user can fix.

    `to` is the value of `--to` that names it.
    """

    to = ""

    @abstractmethod
    def clusters(self) -> list[Cluster]:
        """Return all clusters, with the releases on them."""

    @abstractmethod
    def cluster(self, slug: str) -> Cluster:
        """Return the cluster with this slug; "" is the default cluster."""

    @abstractmethod
    def tasks(self, workflow: str, release: str) -> frozenset[tuple[str, str]]:
        """Return name and version of the tasks of a release."""

    @abstractmethod
    def deploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        """Map the release to clusters, or to the default one if none is named. Return their slugs."""

    @abstractmethod
    def undeploy(self, workflow: str, release: str | None, clusters: Sequence[str]) -> tuple[str, ...]:
        """Remove the release from clusters, or from the default one. Return their slugs.

        None as the release removes whatever release of the workflow is there.
        """

    def unpublish(self, workflow: str, release: str) -> None:  # noqa: ARG002 -- for subclasses
        """Remove a release that is not deployed."""
        raise PublishError(Problem(f"{self.to or 'this destination'} does not remove releases", hint="releases stay in a folder"))

    def history(self, workflow: str, cluster: str) -> tuple[str, ...] | None:  # noqa: ARG002 -- for subclasses
        """Return the ids of the releases that were deployed to a cluster, the current or last one first.

        By default None: the destination keeps no history.
        """
        return None


def require_deployer(destination: Destination) -> Deployer:
    """Return the destination as a Deployer. Raises PublishError if it has no clusters."""
    if isinstance(destination, Deployer):
        return destination
    raise PublishError(
        Problem(f"{destination.url} has no clusters", hint="deploy at Tilebox, --to tilebox, or in a folder", code="TBX506")
    )


def find_published(destination: Destination, workflow: str, release: str) -> PublishedRelease:
    """Return the release of a workflow with this id. Raises PublishError if the destination does not have it."""
    found = next((each for each in destination.releases(workflow) if each.id == release), None)
    if found is None:
        raise no_such_release(workflow, release)
    return found


def no_such_release(workflow: str, release: str) -> PublishError:
    """Return the error for a release that its workflow does not have."""
    return PublishError(
        Problem(f"workflow {workflow!r} has no release {release}", hint="hatch-tilebox releases lists them", code="TBX503")
    )


def no_conflicts(workflow: str, tasks: frozenset[tuple[str, str]], clusters: Sequence[Cluster]) -> None:
    """Raise PublishError if another workflow on one of the clusters has one of the tasks: runners would advertise neither."""
    if problems := conflicts(workflow, tasks, clusters):
        raise PublishError(*problems)


def conflicts(workflow: str, tasks: frozenset[tuple[str, str]], clusters: Sequence[Cluster]) -> list[Problem]:
    """Return a problem for each task that another workflow on one of the clusters has under the same name and version."""
    return [
        Problem(
            f"cluster {cluster.slug!r} already has task {name!r} {version} from workflow {other.workflow!r}; a release runner "
            f"would advertise neither that one nor the one of {workflow!r}",
            hint=CONFLICT_HINT,
            code="TBX507",
        )
        for cluster in clusters
        for other in cluster.deployed
        if other.workflow != workflow
        for name, version in sorted(tasks & other.tasks)
    ]
