"""The interface of destinations: what publishing asks of the place that keeps releases."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.paths import open_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from hatch_tilebox.core.model import Artifact, ReleaseManifest
    from hatch_tilebox.core.progress import Progress

CHUNK = 2**20
"""The largest number of bytes of an archive that are in memory at a time."""
MAX_ATTACHMENT = 64 * 2**20
"""The largest document about a release, in bytes."""


@dataclass(frozen=True)
class LocalRelease:
    """A release on this machine. Its archive was read and checked to the end before a destination gets it.

    Attributes:
        manifest: The manifest in the archive.
        artifact: The archive: its path, its SHA-256 in hex, and its size in bytes.

    """

    manifest: ReleaseManifest
    artifact: Artifact

    @property
    def workflow(self) -> str:
        """The slug of the workflow."""
        return self.manifest.workflow.slug

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of the archive in chunks of at most 1 MiB.

        Args:
            start: The offset of the first byte.
            stop: The offset after the last byte; None for the end of the archive.

        Raises:
            PublishError: The file cannot be read, or it changed since it was checked. Changed bytes are found at the end of a pass
                over the whole archive: discard what was sent.

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
            raise PublishError(Problem(f"{self.artifact.path} cannot be read: {error.strerror}", code="TBX106")) from error
        if left or more or (whole and digest.hexdigest() != self.artifact.sha256):
            message = f"{self.artifact.path} changed while it was published"
            raise PublishError(Problem(message, hint="publish again when nothing writes to it", code="TBX119"))


@dataclass(frozen=True)
class PublishedRelease:
    """A release at a destination. Optional attributes are None if the destination does not know them.

    Attributes:
        id: The permanent name of the release at the destination.
        workflow: The slug of the workflow.
        digest: The SHA-256 of the archive: 64 hex digits.
        fingerprint: The fingerprint in the manifest: 64 hex digits.
        url: Where the release is, as it is shown to the user. Holds no secret.
        version: The version of the project.
        created_at: When the release was created, as an RFC 3339 timestamp.
        size: The size of the archive in bytes.
        clusters: The slugs of the clusters that the release is deployed to.

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
        """Return the release as JSON values, as the JSON of `hatch-tilebox releases` prints it."""
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


@dataclass(frozen=True)
class Attachment:
    """A document about a release, such as its SBOM.

    Attributes:
        name: The name of its file, without a folder.
        media_type: Its media type, such as `application/vnd.cyclonedx+json`.
        content: Its bytes.

    """

    name: str
    media_type: str
    content: bytes


class Destination(ABC):
    """A place that keeps releases. Subclass it and return an instance from the hook `hatch_tilebox_destination`.

    A release is identified by its workflow, fingerprint and digest. A destination keeps each release once and never changes it. Any
    method may be called again after it failed, and several processes may call it at the same time. Raise PublishError for errors
    that the user can fix; any other exception is shown as a bug.

    Attributes:
        url: The destination as it is shown to the user. It must not hold a secret.
        unique_versions: Whether a version names one release only, for example because it is a tag that would move. Publishing
            another release with the same version is then an error instead of a warning.
        finds_content: Whether `find` finds every release that the destination has. If it does not, a dry run cannot say whether
            the release is new.

    """

    url: str
    unique_versions: bool = False
    finds_content: bool = True

    @abstractmethod
    def find(self, release: LocalRelease) -> PublishedRelease | None:
        """Return the release if it is complete at the destination, else None.

        Called before `upload` and again after `register`. Do not return a release whose upload was interrupted.
        """

    @abstractmethod
    def upload(self, release: LocalRelease, progress: Progress) -> str:
        """Upload the archive, or the parts of it that are missing.

        Send `release.chunks()` without holding the whole archive in memory where the service allows it.

        Args:
            release: The release to upload.
            progress: Call `progress.transferred(done, total)` with numbers of bytes after each chunk.

        Returns:
            A string that identifies the upload; it is passed to `register`.

        """

    @abstractmethod
    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool | None]:
        """Create the release from an upload, unless it exists.

        Args:
            release: The release to create.
            uploaded: The return value of `upload`.

        Returns:
            The release, and whether this call created it: None if that is not known. All calls for one release return the same id.

        """

    @abstractmethod
    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        """Return all releases of a workflow, the latest first.

        Args:
            workflow: The slug of the workflow; None for all workflows that the destination can list.

        """

    def newest(self, workflow: str | None, limit: int) -> tuple[list[PublishedRelease], int | None]:
        """Return the latest releases of a workflow, and how many releases it has.

        By default the first of `releases`. Override it if the service can return a part of its list.

        Args:
            workflow: The slug of the workflow; None for all workflows that the destination can list.
            limit: The largest number of releases to return.

        Returns:
            The releases, the latest first, and the number of all releases: None if that is not known.

        """
        found = self.releases(workflow)
        return found[:limit], len(found)

    def latest(self, workflow: str) -> PublishedRelease | None:
        """Return the latest release of a workflow, or None if it has none.

        By default the first of `newest`. Override it if the service has a faster way.
        """
        return next(iter(self.newest(workflow, 1)[0]), None)

    def with_version(self, workflow: str, version: str) -> list[PublishedRelease]:
        """Return the releases of a workflow with this version of the project, the latest first.

        By default those of `releases`. Override it if the service has a faster way.
        """
        return [release for release in self.releases(workflow) if release.version == version]

    def manifest(self, release: PublishedRelease) -> ReleaseManifest | None:  # noqa: ARG002 -- for subclasses
        """Return the manifest of a release, or None if the destination cannot read it.

        By default None: publishing then skips the comparison with the latest release.
        """
        return None

    def download(self, release: PublishedRelease) -> Iterator[bytes]:
        """Yield the bytes of the archive of a release. The caller compares them with the digest.

        By default raises PublishError: the destination does not support downloads.
        """
        message = f"{self.url} does not support downloads"
        raise PublishError(Problem(message, hint=f"build release {release.id} again from its sources", code="TBX513"))

    def attach(self, release: PublishedRelease, attachment: Attachment) -> bool:  # noqa: ARG002 -- for subclasses
        """Keep a document with a release, unless the destination has it.

        Called after `register`, and when the release is published again. By default nothing is kept.

        Args:
            release: The release, as the destination returned it.
            attachment: The document. Its name does not change with its content.

        Returns:
            Whether the destination has the document now.

        """
        return False

    def attachments(self, release: PublishedRelease, media_types: Collection[str]) -> Iterator[Attachment]:  # noqa: ARG002 -- for subclasses
        """Yield the documents that are kept with a release, the oldest first where that is known.

        The caller checks what they are about, and never uses their names as paths. By default none: override it together with
        `attach`.

        Args:
            release: The release, as the destination returned it.
            media_types: The kinds of documents to yield.

        """
        return iter(())

    def close(self) -> None:  # noqa: B027 -- most destinations hold no connection
        """Close connections. Called once, after all other calls."""


class ArtifactTransport(Protocol):
    """Uploads archives to the Tilebox API. Return an object with this method from the hook `hatch_tilebox_artifact_transport`."""

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        """Upload the archive of a release, unless the service has it.

        Args:
            release: The release to upload.
            progress: Call `progress.transferred(done, total)` with numbers of bytes after each chunk.

        Returns:
            The id of the artifact: a UUID in its usual form of 36 characters.

        Raises:
            PublishError: The service refused the archive, or cannot be reached.

        """
