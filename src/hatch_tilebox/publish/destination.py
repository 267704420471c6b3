"""What a destination is: the words between the publishing service and the place where releases go."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.paths import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from hatch_tilebox.core.model import Artifact, ReleaseManifest
    from hatch_tilebox.core.progress import Progress

CHUNK = 2**20
"""Bytes of an archive that are in memory at a time."""


@dataclass(frozen=True)
class LocalRelease:
    """A release on this machine. Its archive was read to the end: manifest, digest and size are those of the file."""

    manifest: ReleaseManifest
    artifact: Artifact

    @property
    def workflow(self) -> str:
        """The slug of the workflow that it belongs to."""
        return self.manifest.workflow.slug

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes of the archive from `start` to before `stop`, or to its end, at most `CHUNK` at a time.

        Raises PublishError where the file cannot be read, and at the end of a pass over all of it that read other bytes than were
        checked.
        """
        whole = start == 0 and stop is None
        left = (self.artifact.size if stop is None else stop) - start
        digest = hashlib.sha256()
        try:
            with open_regular(self.artifact.path) as file:
                file.seek(start)
                while chunk := file.read(min(left, CHUNK)):
                    left -= len(chunk)
                    digest.update(chunk)
                    yield chunk
                more = whole and file.read(1)
        except OSError as error:
            raise PublishError(Problem(f"{self.artifact.path} cannot be read: {error.strerror}")) from error
        if left or more or (whole and digest.hexdigest() != self.artifact.sha256):
            message = f"{self.artifact.path} changed while it was published"
            raise PublishError(Problem(message, hint="publish again when nothing writes to it"))


@dataclass(frozen=True)
class PublishedRelease:
    """A release as a destination knows it.

    `id` names it there for good. `workflow` is the slug, `digest` the SHA-256 of the archive in hex, `url` where it is. `version`
    (of the project), `created_at` (RFC 3339), `size` (bytes) and `clusters` are what a destination may or may not tell.
    """

    id: str
    workflow: str
    digest: str
    fingerprint: str
    url: str
    version: str | None = None
    created_at: str | None = None
    size: int | None = None
    clusters: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The release as JSON values."""
        return {
            "id": self.id,
            "workflow": self.workflow,
            "version": self.version,
            "digest": self.digest,
            "fingerprint": self.fingerprint,
            "created_at": self.created_at,
            "size": self.size,
            "clusters": list(self.clusters),
            "url": self.url,
        }


class Destination(ABC):
    """Where releases go. `url` names it to people and holds no secret.

    A release is the pair of fingerprint and digest under a workflow; a destination keeps it once and never changes it. Every method
    may be called again after it failed, and by many processes at once. Methods raise PublishError for what the user can fix.
    """

    url: str

    @abstractmethod
    def find(self, release: LocalRelease) -> PublishedRelease | None:
        """The release, if it is there as a whole."""

    @abstractmethod
    def upload(self, release: LocalRelease, progress: Progress) -> str:
        """Send what is missing of the archive, in bounded memory, telling `progress.transferred`. Gives what `register` needs."""

    @abstractmethod
    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool]:
        """Make the release out of what was `uploaded`. Gives it, and whether this call made it (False: it was there)."""

    @abstractmethod
    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        """All releases of a workflow, the latest first; None means of all workflows that the destination can list."""

    def latest(self, workflow: str) -> PublishedRelease | None:
        """The latest release of a workflow, if it has one. For those that know a shorter way than to list them all."""
        return next(iter(self.releases(workflow)), None)

    def manifest(self, release: PublishedRelease) -> ReleaseManifest | None:  # noqa: ARG002 -- for those that can
        """The manifest of a release, where the destination can give it."""
        return None

    def download(self, release: PublishedRelease) -> Iterator[bytes]:
        """The bytes of a release's archive. The caller checks the digest."""
        message = f"{self.url} gives no archives back"
        raise PublishError(Problem(message, hint=f"build release {release.id} again from its sources"))

    def close(self) -> None:  # noqa: B027 -- most have nothing to let go of
        """Let go of connections. Called once, at the end."""
