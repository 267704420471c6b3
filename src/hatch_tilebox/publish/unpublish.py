"""Removing a published release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.deployer import require_deployer

if TYPE_CHECKING:
    from hatch_tilebox.plugins.destination import Destination, PublishedRelease


def unpublish_release(destination: Destination, release: PublishedRelease, *, progress: Progress | None = None) -> None:
    """Remove a release from its destination.

    Raises PublishError if a cluster runs it, or the destination does not remove releases.
    """
    deployer = require_deployer(destination)
    progress = progress or Progress()
    progress.started("Removing")
    if clusters := [cluster.slug for cluster in deployer.clusters() if cluster.release_of(release.workflow) == release.id]:
        slugs = ",".join(clusters)
        named = f"--to {deployer.to} --workflow {release.workflow} --release {release.id} --cluster {slugs}"
        raise PublishError(
            Problem(f"release {release.id} runs on {slugs}", hint=f"first run: hatch-tilebox undeploy {named}", code="TBX514")
        )
    deployer.unpublish(release.workflow, release.id)
    progress.finished(f"release {release.id}")
