"""A repository of any OCI registry as a destination. Source: the OCI distribution and image specifications, version 1.1

A release is an image manifest with our artifact type: its config is the manifest of the release, its only layer the archive. The
image manifest depends on nothing but the release, so every publisher creates the same one, and its digest is the id of the release.
The tags are the version of the project and `latest`, which move, and the identity tag `<fingerprint>-<16 digits of the digest>`,
which does not. The identity tag is written last: a release is complete if it exists. The tag `<identity tag>.claim` shows
simultaneous publishers which of them created the release.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from packaging.version import Version

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.identifiers import is_digest, slug_fault, version_fault
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.model import ReleaseManifest, canonical_json, release_filename
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.plugins.destination import Destination, PublishedRelease
from hatch_tilebox.publish.http.client import MAX_ANSWER, MAX_PAGES, Http, json_of
from hatch_tilebox.publish.http.origins import is_loopback, require_safe, same_service
from hatch_tilebox.publish.oci.authorization import Registry, advise
from hatch_tilebox.publish.oci.claim import Claim
from hatch_tilebox.publish.oci.referrers import MANIFEST_TYPE, Referrers, descriptor, digest_of, is_oci_digest, read_blob
from hatch_tilebox.publish.oci.upload import BlobUpload

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hatch_tilebox.plugins.destination import Attachment, LocalRelease
    from hatch_tilebox.publish.http.client import Response
    from hatch_tilebox.publish.http.retries import Retries

ARTIFACT_TYPE = "application/vnd.hatch-tilebox.release.v1"
CONFIG_TYPE = "application/vnd.hatch-tilebox.release.manifest.v1+json"
LAYER_TYPE = "application/vnd.hatch-tilebox.release.v1.tar+zstd"
CLAIM_TYPE = "application/vnd.hatch-tilebox.claim.v1"
CLAIM = "io.github.hatch-tilebox.claim"
WORKFLOW = "io.github.hatch-tilebox.workflow"
FINGERPRINT = "io.github.hatch-tilebox.fingerprint"
VERSION = "org.opencontainers.image.version"
TITLE = "org.opencontainers.image.title"
LATEST = "latest"
_IDENTITY_TAG = re.compile("[0-9a-f]{64}-[0-9a-f]{16}")
_TAG = re.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_MAX_TAGS = 100_000
_UPLOADS = 8
_CONNECTIONS = 4
"""Releases that are read at a time."""


class OciRepository(Destination):
    """The repository `url`, oci://REGISTRY/REPOSITORY, with the login that docker has for the registry."""

    unique_versions = True

    def __init__(self, url: str, *, retries: Retries | None = None, progress: Progress | None = None) -> None:
        match = re.fullmatch(r"oci://([^/]+)/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)/?", url)
        if not match:
            hint = "write oci://REGISTRY/REPOSITORY, in lower case and without a tag, for example oci://ghcr.io/acme/scene-qa"
            raise PublishError(Problem(f"{display_url(url)} does not name a repository of a registry", hint=hint, code="TBX501"))
        host, repository = match.groups()
        require_safe(f"https://{host}")
        self.url = f"oci://{host}/{repository}"
        api_host = "registry-1.docker.io" if host == "docker.io" else host
        base = f"{'http' if is_loopback(f'https://{host}') else 'https'}://{api_host}/v2/{repository}"
        self._http = Http(base, retries=retries, progress=progress)
        self._registry = Registry(self._http, host, base)

    def find(self, release: LocalRelease) -> PublishedRelease | None:
        response = self._request("GET", f"manifests/{_identity_tag(release)}", accept=MANIFEST_TYPE)
        if response.status_code == 404:  # noqa: PLR2004 -- Not Found
            return None
        found = self._read(self._registry.expect(200, response, "the release cannot be looked up"))
        return found if found and found.id == digest_of(_oci_manifest(release)) else None

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        uploads = BlobUpload(self._registry)
        config = release.manifest.to_json()
        uploads.send(digest_of(config), len(config), lambda start, stop: iter((config[start:stop],)), Progress())
        uploads.send(f"sha256:{release.artifact.sha256}", release.artifact.size, release.chunks, progress)
        return digest_of(_oci_manifest(release))

    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool | None]:
        body, identity = _oci_manifest(release), _identity_tag(release)
        tag = f"{identity}.claim"
        claim = Claim(lambda: self._claimed(tag), lambda text: self._write_claim(tag, text, release))
        claim.make()
        for name in (_version_tag(release.manifest.project.version), LATEST, identity):
            response = self._put_manifest(name, body, release)
            if response.headers.get("Docker-Content-Digest", uploaded) != uploaded:
                raise self._http.refusal(response, "the registry stored another manifest than was sent")
        manifest, archive, url = release.manifest, release.artifact, f"{self.url}@{uploaded}"
        version, fingerprint = manifest.project.version, manifest.fingerprint
        published = PublishedRelease(uploaded, release.workflow, archive.sha256, fingerprint, url, version, size=archive.size)
        return published, claim.won()

    def _claimed(self, tag: str) -> str | None:
        """Return the claim with a tag, or None if there is none."""
        response = self._request("GET", f"manifests/{tag}", accept=MANIFEST_TYPE)
        if response.status_code == 404:  # noqa: PLR2004 -- Not Found
            return None
        match json_of(self._registry.expect(200, response, "the claim of a publisher cannot be read")):
            case {"annotations": {**notes}} if isinstance(notes.get(CLAIM), str):
                return str(notes[CLAIM])
            case _:
                return ""

    def _write_claim(self, tag: str, text: str, release: LocalRelease) -> None:
        self._put_manifest(tag, _claim_manifest(release, text), release)

    def _put_manifest(self, tag: str, body: bytes, release: LocalRelease) -> Response:
        """Tag the manifest. A registry may lose a blob while others upload the same one: then it is uploaded again."""
        failures = 0
        while True:
            response = self._request("PUT", f"manifests/{tag}", body=body)
            if response.status_code == 201:  # noqa: PLR2004 -- Created
                return response
            if b"BLOB_UNKNOWN" not in response.content or failures == _UPLOADS:
                raise self._http.refusal(response, "the registry does not accept the release", advise(response))
            self._http.pause(failures)
            failures += 1
            self.upload(release, Progress())

    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        """Return all releases: first the one tagged `latest`, then the others by version. Registries keep no order of time."""
        return self.newest(workflow, None)[0]

    def newest(self, workflow: str | None, limit: int | None) -> tuple[list[PublishedRelease], int | None]:
        """Return the first `limit` of `releases`, and how many the repository has: None if it also has another workflow's.

        A registry describes one release in each answer, so the tags of versions decide which ones are read.
        """
        tags = self._tags()
        identities = set(filter(_IDENTITY_TAG.fullmatch, tags))
        limit = len(identities) if limit is None else limit
        pending = list(identities)
        if limit < len(identities):
            versions = sorted(((version, tag) for tag in tags - identities if (version := _version_of(tag))), reverse=True)
            # Then the others: a version that was published twice has lost its tag to the second release.
            pending = [*(tag for _, tag in versions), *pending]
        latest = self._tagged(LATEST) if LATEST in tags else None
        read = [latest] if latest else []
        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            while True:
                ours = [each for each in read if workflow in {None, each.workflow}]
                found = {each.id: each for each in ours if _identity_of(each.fingerprint, each.digest) in identities}
                if len(found) >= limit or not pending:
                    break
                read += filter(None, threads.map(self._tagged, pending[:limit]))
                pending = pending[limit:]

        def order(release: PublishedRelease) -> tuple[bool, Version, str]:
            return latest is not None and release.id == latest.id, Version(release.version or "0"), release.id

        total = len(found) if not pending else len(identities) if len(ours) == len(read) else None
        return sorted(found.values(), key=order, reverse=True)[:limit], total

    def with_version(self, workflow: str, version: str) -> list[PublishedRelease]:
        release = self._tagged(_version_tag(version))
        return [release] if release and (release.workflow, release.version) == (workflow, version) else []

    def latest(self, workflow: str) -> PublishedRelease | None:
        release = self._tagged(LATEST)
        return release if release and release.workflow == workflow else super().latest(workflow)

    def manifest(self, release: PublishedRelease) -> ReleaseManifest:
        response = self._registry.expect(
            200, self._request("GET", f"manifests/{release.id}", accept=MANIFEST_TYPE), "the release cannot be read"
        )
        match json_of(response):
            case {"config": {"digest": str(digest)}} if is_oci_digest(digest):
                data = self._config(response, digest)
            case _:
                raise self._http.refusal(response, "the answer is not the manifest of a release")
        if digest_of(data) != digest:
            raise PublishError(Problem(f"{release.url}: its config has another digest", code="TBX513"))
        try:
            return ReleaseManifest.from_dict(parse_json(data))
        except ValueError as error:
            raise PublishError(Problem(f"{release.url}: its config is not the manifest of a release", code="TBX513")) from error

    def download(self, release: PublishedRelease) -> Iterator[bytes]:
        return read_blob(self._registry, f"sha256:{release.digest}")

    def attach(self, release: PublishedRelease, attachment: Attachment) -> bool:
        Referrers(self._registry).add(release.id, attachment)
        return True

    def attachments(self, release: PublishedRelease, media_types: Collection[str]) -> Iterator[Attachment]:
        return Referrers(self._registry).read(release.id, media_types)

    def close(self) -> None:
        self._http.close()

    def _config(self, response: Response, digest: str) -> bytes:
        data = bytearray()
        for chunk in read_blob(self._registry, digest):
            data += chunk
            if len(data) > MAX_ANSWER:
                raise self._http.refusal(response, "its config is too large for a manifest of a release")
        return bytes(data)

    def _tagged(self, tag: str) -> PublishedRelease | None:
        """Return the release with a tag, or None if the tag is something else."""
        response = self._request("GET", f"manifests/{tag}", accept=MANIFEST_TYPE)
        return self._read(response) if response.status_code == 200 else None  # noqa: PLR2004 -- a tag may be removed meanwhile

    def _tags(self) -> set[str]:
        tags: set[str] = set()
        url = f"{self._registry.base}/tags/list?n=1000"
        seen: set[str] = set()
        while url:
            if url in seen or len(seen) == MAX_PAGES or len(tags) > _MAX_TAGS:
                what = "in a circle" if url in seen else f"on more than {MAX_PAGES} pages, or more than {_MAX_TAGS} of them"
                raise PublishError(Problem(f"{self.url}: the registry lists its tags {what}", hint="use a repository of its own"))
            seen.add(url)
            response = self._registry.send("GET", url)
            if response.status_code == 404:  # noqa: PLR2004 -- the repository does not exist yet
                return tags
            match json_of(self._registry.expect(200, response, "the releases cannot be listed")):
                case {"tags": [*found]} if all(isinstance(tag, str) for tag in found):
                    tags.update(tag for tag in found if _TAG.fullmatch(tag))
                case {"tags": None}:  # some registries answer this for an empty repository
                    pass
                case _:
                    raise self._http.refusal(response, "the answer is not a list of tags")
            url = same_service(url, response.links["next"]["url"]) if "next" in response.links else ""
        return tags

    def _read(self, response: Response) -> PublishedRelease | None:
        """Return the release that an OCI manifest describes, or None if it is something else."""
        match json_of(response):
            case {"annotations": {**notes}, "layers": [{"digest": str(digest), "size": int(size)}]} if is_oci_digest(digest):
                texts = [notes.get(name) for name in (WORKFLOW, FINGERPRINT, VERSION)]
                workflow, fingerprint, version = (text if isinstance(text, str) else "" for text in texts)
                if not slug_fault(workflow) and is_digest(fingerprint) and not version_fault(version) and size >= 0:
                    identifier, digest = digest_of(response.content), digest.removeprefix("sha256:")
                    url = f"{self.url}@{identifier}"
                    return PublishedRelease(identifier, workflow, digest, fingerprint, url, version, size=size)
        return None

    def _request(self, method: str, path: str, *, body: bytes | None = None, accept: str = "*/*") -> Response:
        headers = {"Accept": accept} if body is None else {"Content-Type": MANIFEST_TYPE}
        return self._registry.send(method, f"{self._registry.base}/{quote(path, safe='/:')}", body=body, headers=headers)


def _oci_manifest(release: LocalRelease) -> bytes:
    """Return the OCI manifest of a release, which depends on nothing but the release."""
    config, manifest = release.manifest.to_json(), release.manifest
    return canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": descriptor(CONFIG_TYPE, config),
            "layers": [
                {
                    "mediaType": LAYER_TYPE,
                    "digest": f"sha256:{release.artifact.sha256}",
                    "size": release.artifact.size,
                    "annotations": {TITLE: release_filename(manifest.project)},
                }
            ],
            "annotations": {
                WORKFLOW: manifest.workflow.slug,
                FINGERPRINT: manifest.fingerprint,
                VERSION: manifest.project.version,
                TITLE: manifest.project.name,
            },
        }
    )


def _claim_manifest(release: LocalRelease, text: str) -> bytes:
    """Return an OCI manifest that holds the claim `text`. It refers to the config of the release, which the registry has."""
    config = release.manifest.to_json()
    return canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": CLAIM_TYPE,
            "config": descriptor(CONFIG_TYPE, config),
            "layers": [descriptor(CONFIG_TYPE, config)],
            "annotations": {CLAIM: text},
        }
    )


def _identity_tag(release: LocalRelease) -> str:
    return _identity_of(release.manifest.fingerprint, release.artifact.sha256)


def _identity_of(fingerprint: str, digest: str) -> str:
    return f"{fingerprint}-{digest[:16]}"


def _version_tag(version: str) -> str:
    """Return a version as a tag. Tags cannot contain `+`."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", version)[:128]


def _version_of(tag: str) -> Version | None:
    """Return the version that a tag names, None if it is another tag."""
    for text in (tag, tag.replace("_", "+", 1)):
        with suppress(ValueError):  # InvalidVersion is one
            return Version(text)
    return None
