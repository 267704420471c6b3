"""Policies as a gate of publishing and deploying: all broken rules are reported at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ArchiveError, PublishError
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.publish.attachments import fetch_documents
from hatch_tilebox.publish.deployer import require_deployer
from hatch_tilebox.publish.fetch import fetch_release
from hatch_tilebox.publish.policy_rules import Evidence, Running, broken_rules
from hatch_tilebox.publish.steps import describe_release, show_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.policy import Policy
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Destination, PublishedRelease


def running_releases(
    policies: Sequence[Policy], destination: Destination, workflow: str, clusters: Sequence[str] | None
) -> tuple[Running, ...]:
    """Return the releases that the policies compare with, none if no policy does.

    These are the releases of the workflow on `clusters`, on the default one if none is named; with None, the latest release.
    """
    if not any(policy.rules.compatible for policy in policies):
        return ()
    if clusters is None:
        latest = destination.latest(workflow)
        return (_running(destination, latest, describe_release(latest)),) if latest else ()
    deployer = require_deployer(destination)
    running = {cluster.slug: cluster.release_of(workflow) for cluster in map(deployer.cluster, clusters or ("",))}
    published = {release.id: release for release in destination.releases(workflow)}
    return tuple(
        _running(destination, published.get(identifier), f"release {identifier} on cluster {slug}")
        for slug, identifier in running.items()
        if identifier
    )


def _running(destination: Destination, release: PublishedRelease | None, name: str) -> Running:
    try:
        return Running(name, destination.manifest(release) if release else None)
    except ArchiveError:
        return Running(name, None)


def check_published(
    policies: Sequence[Policy], destination: Destination, release: PublishedRelease, clusters: Sequence[str], progress: Progress
) -> None:
    """Fetch a release and the documents about it, and check them before it is deployed to clusters.

    Raises PublishError with every rule that it breaks, or if the destination does not return the archive.
    """
    running = running_releases(policies, destination, release.workflow, clusters)
    with temporary_folder() as folder:
        try:
            local = fetch_release(destination, release, folder, progress=progress)
            fetch_documents(destination, release, local, progress)
        except PublishError as error:
            hint = "a destination that keeps no archives or documents cannot be asked: check the policy with publish --policy"
            message = "the policy cannot be checked"
            problems = (each._replace(message=f"{message}: {each.message}", hint=hint) for each in error.problems)
            raise PublishError(*problems) from error
        with show_step(progress, "Checking the policy") as done:
            done.append(require_policies(policies, Evidence(local.manifest, local.artifact, running)))


def require_policies(policies: Sequence[Policy], evidence: Evidence) -> str:
    """Raise PublishError with every rule that the release breaks. Return a summary."""
    problems = [problem for policy in policies for problem in broken_rules(policy, evidence)]
    if problems:
        raise PublishError(*problems)
    return ", ".join(policy.name for policy in policies)
