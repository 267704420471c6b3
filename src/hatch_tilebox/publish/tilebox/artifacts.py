"""How the Tilebox API is given an artifact's bytes: an ASSUMPTION, kept in this one module.

No published definition says how they are uploaded or where the `artifact_id` of `PublishWorkflowRelease` comes from. What is done
here is the plainest contract that fits everything published, an artifact being an id and the SHA-256 of its bytes:

    GET URL/DIGEST      200 and the message `Artifact` {id: {uuid}, digest} as JSON where the bytes are there; 404 where not
    PUT URL/DIGEST      the bytes as application/zstd; 200 or 201 and the same message; giving them again is no mistake

URL is the setting `artifact-url`, or else `artifacts` below the API's own URL; the API's key goes with every request. A plugin
replaces all of this with the hook `hatch_tilebox_artifact_transport`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.publish.http import Body, Http, json_of, require_safe
from hatch_tilebox.publish.tilebox.connect import decode_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import LocalRelease
    from hatch_tilebox.publish.http import Response


class HttpTransport:
    """The contract above."""

    def __init__(self, http: Http, url: str, key: str) -> None:
        require_safe(url)
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        digest, size = release.artifact.sha256, release.artifact.size
        url = f"{self._url}/{digest}"
        response = self._http.send("GET", url, headers=self._headers)
        if response.status_code == 404:  # noqa: PLR2004 -- the bytes are missing

            def chunks() -> Iterator[bytes]:
                done = 0
                for chunk in release.chunks():
                    yield chunk
                    done += len(chunk)
                    progress.transferred(done, size)

            headers = {**self._headers, "Content-Type": "application/zstd"}
            response = self._http.send("PUT", url, body=Body(chunks, size), headers=headers)
        if response.status_code not in {200, 201}:
            hint = (
                "how Tilebox takes artifacts is not public, and this is an assumption that may be wrong: see "
                "docs/how-to/publish.md for other ways"
            )
            raise self._http.refusal(response, "the artifact was not taken", hint=hint)
        return self._artifact_id(response, digest)

    def _artifact_id(self, response: Response, digest: str) -> str:
        try:
            answer = json_of(response)
            found = answer["digest"]
        except (KeyError, TypeError):
            raise self._http.refusal(response, "the answer names no artifact") from None
        if found != digest:
            raise PublishError(
                Problem(f"{response.request.url} has digest {str(found)[:100]!r}", hint="the artifact arrived damaged; try again")
            )
        return decode_id(answer.get("id"))
