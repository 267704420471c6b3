"""Documents about a release in a registry: manifests that refer to it.

Source: the OCI image specification 1.1, and "Listing Referrers" of the OCI distribution specification 1.1
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.model import canonical_json
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.http.client import json_of
from hatch_tilebox.publish.oci.authorization import advise
from hatch_tilebox.publish.oci.upload import BlobUpload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.plugins.destination import Attachment
    from hatch_tilebox.publish.http.client import Http, Response
    from hatch_tilebox.publish.oci.authorization import Authorization

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_EMPTY_CONFIG = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_TITLE = "org.opencontainers.image.title"


class Referrers:
    """Adds referrers in the repository whose API is at `base`."""

    def __init__(self, http: Http, auth: Authorization, base: str) -> None:
        self._http = http
        self._auth = auth
        self._base = base

    def add(self, subject: str, attachment: Attachment) -> None:
        """Push a document about the manifest with the digest `subject`, unless the registry has it. Raises PublishError."""
        described = self._auth.send("GET", self._at(subject), headers={"Accept": MANIFEST_TYPE})
        if described.status_code != 200:  # noqa: PLR2004 -- OK
            raise self._http.refusal(described, "the release cannot be read", advise(described))
        body = _manifest(subject, len(described.content), attachment)
        digest = digest_of(body)
        if self._auth.send("HEAD", self._at(digest), headers={"Accept": MANIFEST_TYPE}).status_code == 200:  # noqa: PLR2004 -- OK
            return
        uploads = BlobUpload(self._http, self._auth, self._base)
        for blob in (attachment.content, _EMPTY_CONFIG):
            uploads.send(digest_of(blob), len(blob), partial(_part, blob), Progress())
        response = self._put(digest, body, MANIFEST_TYPE, attachment.name)
        if "OCI-Subject" not in response.headers:
            self._list(subject, {**_descriptor(MANIFEST_TYPE, body), "artifactType": attachment.media_type}, attachment.name)

    def _list(self, subject: str, added: dict[str, Any], name: str) -> None:
        """Add a referrer to the tag that lists those of a manifest, in a registry that does not list them itself."""
        tag = subject.replace(":", "-")
        response = self._auth.send("GET", self._at(tag), headers={"Accept": _INDEX_TYPE})
        known = json_of(response) if response.status_code == 200 else {}  # noqa: PLR2004 -- OK
        manifests = known.get("manifests") if isinstance(known, dict) else None
        others = [item for item in manifests if item != added] if isinstance(manifests, list) else []
        index: dict[str, Any] = {"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": [*others, added]}
        self._put(tag, canonical_json(index), _INDEX_TYPE, name)

    def _put(self, reference: str, body: bytes, media_type: str, name: str) -> Response:
        response = self._auth.send("PUT", self._at(reference), body=body, headers={"Content-Type": media_type})
        if response.status_code != 201:  # noqa: PLR2004 -- Created
            raise self._http.refusal(response, f"the registry does not accept {name}", advise(response))
        return response

    def _at(self, reference: str) -> str:
        return f"{self._base}/manifests/{reference}"


def _manifest(subject: str, size: int, attachment: Attachment) -> bytes:
    document = _descriptor(attachment.media_type, attachment.content)
    return canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": attachment.media_type,
            "config": _descriptor(_EMPTY_TYPE, _EMPTY_CONFIG),
            "layers": [{**document, "annotations": {_TITLE: attachment.name}}],
            "subject": {"mediaType": MANIFEST_TYPE, "digest": subject, "size": size},
        }
    )


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def digest_of(data: bytes) -> str:
    """Return the digest of a blob as registries write it: `sha256:` and 64 hex digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _part(data: bytes, start: int, stop: int) -> Iterator[bytes]:
    yield data[start:stop]
