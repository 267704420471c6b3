"""Documents about a release in a registry: manifests that refer to it.

Source: the OCI image specification 1.1, and "Listing Referrers" of the OCI distribution specification 1.1
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.model import canonical_json
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.plugins.destination import MAX_ATTACHMENT, Attachment
from hatch_tilebox.publish.http.client import MAX_PAGES, json_of
from hatch_tilebox.publish.http.download import download
from hatch_tilebox.publish.http.origins import same_service
from hatch_tilebox.publish.oci.upload import BlobUpload

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hatch_tilebox.publish.http.client import Response
    from hatch_tilebox.publish.oci.authorization import Registry

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_EMPTY_CONFIG = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_TITLE = "org.opencontainers.image.title"
_DIGEST = re.compile("sha256:[0-9a-f]{64}")
_MAX_REFERRERS = 1000


class Referrers:
    """Adds and reads referrers in the repository whose API is at `base`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def add(self, subject: str, attachment: Attachment) -> None:
        """Push a document about the manifest with the digest `subject`, unless the registry has it. Raises PublishError."""
        described = self._registry.send("GET", self._at(subject), headers={"Accept": MANIFEST_TYPE})
        self._registry.expect(200, described, "the release cannot be read")
        body = _manifest(subject, len(described.content), attachment)
        digest = digest_of(body)
        if self._registry.send("HEAD", self._at(digest), headers={"Accept": MANIFEST_TYPE}).status_code == 200:  # noqa: PLR2004 -- OK
            return
        uploads = BlobUpload(self._registry)
        for blob in (attachment.content, _EMPTY_CONFIG):
            uploads.send(digest_of(blob), len(blob), partial(_part, blob), Progress())
        response = self._put(digest, body, MANIFEST_TYPE, attachment.name)
        if "OCI-Subject" not in response.headers:
            self._list(subject, {**descriptor(MANIFEST_TYPE, body), "artifactType": attachment.media_type}, attachment.name)

    def read(self, subject: str, media_types: Collection[str]) -> Iterator[Attachment]:
        """Yield the documents of these types about the manifest with the digest `subject`. Raises PublishError.

        Other manifests that refer to it, such as those of other tools, are left out.
        """
        for number, listed in enumerate(self._listed(subject)):
            if number == _MAX_REFERRERS:
                return
            match listed:
                case {"artifactType": str(media_type), "digest": str(digest)} if media_type in media_types and is_oci_digest(
                    digest
                ):
                    if document := self._document(subject, digest, media_type):
                        yield document

    def _document(self, subject: str, digest: str, media_type: str) -> Attachment | None:
        """Return the document in a manifest, None if the manifest is not one about the `subject`."""
        response = self._registry.send("GET", self._at(digest), headers={"Accept": MANIFEST_TYPE})
        if response.status_code != 200 or digest_of(response.content) != digest:  # noqa: PLR2004 -- OK
            return None
        match json_of(response):
            case {
                "layers": [{"mediaType": str(kind), "digest": str(blob), "size": int(size), **layer}],
                "subject": {"digest": about},
            }:
                if (kind, about) == (media_type, subject) and is_oci_digest(blob) and 0 <= size <= MAX_ATTACHMENT:
                    content = self._blob(blob, size)
                    notes = layer.get("annotations")
                    name = notes.get(_TITLE) if isinstance(notes, dict) else None
                    return Attachment(name if isinstance(name, str) else "", media_type, content) if content is not None else None
        return None

    def _blob(self, digest: str, size: int) -> bytes | None:
        """Return the blob, None if the registry sends another one."""
        found = bytearray()
        for chunk in read_blob(self._registry, digest):
            found += chunk
            if len(found) > size:
                return None
        return bytes(found) if digest_of(found) == digest else None

    def _listed(self, subject: str) -> Iterator[object]:
        """Yield the descriptors of the manifests that refer to the `subject`."""
        url = f"{self._registry.base}/referrers/{subject}"
        seen: set[str] = set()
        while url and url not in seen and len(seen) < MAX_PAGES:
            seen.add(url)
            response = self._registry.send("GET", url, headers={"Accept": _INDEX_TYPE})
            if response.status_code != 200:  # noqa: PLR2004 -- a registry without this API: "Unavailable Referrers API"
                response = self._registry.send("GET", self._at(_tag(subject)), headers={"Accept": _INDEX_TYPE})
                if response.status_code == 404:  # noqa: PLR2004 -- Not Found: nothing refers to it
                    return
                self._registry.expect(200, response, "the documents of the release cannot be listed")
            match json_of(response):
                case {"manifests": [*manifests]}:
                    yield from manifests
                case _:
                    raise self._registry.http.refusal(response, "the answer is not a list of the documents of a release")
            url = same_service(url, response.links["next"]["url"]) if "next" in response.links else ""

    def _list(self, subject: str, added: dict[str, Any], name: str) -> None:
        """Add a referrer to the tag that lists those of a manifest, in a registry that does not list them itself."""
        tag = _tag(subject)
        response = self._registry.send("GET", self._at(tag), headers={"Accept": _INDEX_TYPE})
        known = json_of(response) if response.status_code == 200 else {}  # noqa: PLR2004 -- OK
        manifests = known.get("manifests") if isinstance(known, dict) else None
        others = [item for item in manifests if item != added] if isinstance(manifests, list) else []
        index: dict[str, Any] = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": [*others, added]}
        self._put(tag, canonical_json(index), _INDEX_TYPE, name)

    def _put(self, reference: str, body: bytes, media_type: str, name: str) -> Response:
        response = self._registry.send("PUT", self._at(reference), body=body, headers={"Content-Type": media_type})
        return self._registry.expect(201, response, f"the registry does not accept {name}")

    def _at(self, reference: str) -> str:
        return f"{self._registry.base}/manifests/{reference}"


def _manifest(subject: str, size: int, attachment: Attachment) -> bytes:
    document = descriptor(attachment.media_type, attachment.content)
    return canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": attachment.media_type,
            "config": descriptor(_EMPTY_TYPE, _EMPTY_CONFIG),
            "layers": [{**document, "annotations": {_TITLE: attachment.name}}],
            "subject": {"mediaType": MANIFEST_TYPE, "digest": subject, "size": size},
        }
    )


def descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    """Return how a manifest refers to a blob."""
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def read_blob(registry: Registry, digest: str) -> Iterator[bytes]:
    """Return the bytes of a blob, in chunks. Raises PublishError."""
    url = f"{registry.base}/blobs/{digest}"
    # This request gets a valid token, and a better error message.
    registry.expect(200, registry.send("HEAD", url), "the archive cannot be fetched")
    return download(registry.http, url, registry.headers)


def is_oci_digest(text: str) -> bool:
    """Whether a text is a digest as registries write it."""
    return _DIGEST.fullmatch(text) is not None


def _tag(subject: str) -> str:
    """Return the tag of the list of referrers in a registry that does not list them itself."""
    return subject.replace(":", "-")


def digest_of(data: bytes | bytearray) -> str:
    """Return the digest of a blob as registries write it: `sha256:` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _part(data: bytes, start: int, stop: int) -> Iterator[bytes]:
    yield data[start:stop]
