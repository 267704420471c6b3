"""The upload of an archive for those who set `artifact-url`: an assumption, kept in this one module.

How Tilebox takes the bytes of an artifact, and where the `artifact_id` of `PublishWorkflowRelease` comes from, is not public. This
is modelled on the vendor's one public upload, that of workflow outputs (`PUT /v1/storage/<sha256>/<path>`):

    PUT <artifact-url>/<sha256>/<file name>      the archive as application/zstd, with the key as bearer token

The answer is 200 or 201 with the message `Artifact` as JSON, `{"id": {"uuid": …}, "digest": …}`. Uploading the same bytes again
gives the same answer. A plugin replaces all of it with the hook `hatch_tilebox_artifact_transport`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.model import release_filename
from hatch_tilebox.publish.http.client import Body, Http, json_of
from hatch_tilebox.publish.http.origins import require_safe
from hatch_tilebox.publish.tilebox.messages import decode_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import LocalRelease
    from hatch_tilebox.publish.http.client import Response


class HttpTransport:
    """Uploads archives to `url`, as the module describes."""

    def __init__(self, http: Http, url: str, key: str) -> None:
        require_safe(url)
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "Content-Type": "application/zstd"}

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        """Upload the archive and return the id of the artifact. Raises PublishError if the service does not take it."""
        digest, size = release.artifact.sha256, release.artifact.size

        def chunks() -> Iterator[bytes]:
            done = 0
            for chunk in release.chunks():
                yield chunk
                done += len(chunk)
                progress.transferred(done, size)

        name = quote(release_filename(release.manifest.project))
        response = self._http.send("PUT", f"{self._url}/{digest}/{name}", body=Body(chunks, size), headers=self._headers)
        if response.status_code not in {200, 201}:
            hint = "how Tilebox takes artifacts is not public; leave out artifact-url to publish with Tilebox's own tool"
            raise self._http.refusal(response, "the artifact was not accepted", hint=hint)
        return self._artifact_id(response, digest)

    def _artifact_id(self, response: Response, digest: str) -> str:
        try:
            answer = json_of(response)
            found = answer["digest"]
        except (KeyError, TypeError):
            raise self._http.refusal(response, "the answer names no artifact") from None
        if found != digest:
            message = f"{response.request.url} has digest {str(found)[:100]!r}"
            raise PublishError(Problem(message, hint="the artifact arrived damaged; try again", code="TBX513"))
        return decode_id(answer.get("id"))
