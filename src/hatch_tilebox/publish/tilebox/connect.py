"""Unary calls of the Connect protocol with JSON. Source: https://connectrpc.com/docs/protocol"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.publish.http import json_of

if TYPE_CHECKING:
    from hatch_tilebox.publish.http import Http, Response

_SHOWN = 500
"""Characters of an answer that an error repeats."""
SERVICE = "workflows.v1.WorkflowsService"

# What is read of the messages: a table has fields that may be left out, a list has any number of its item.
_SLUGS = [{"slug": str}]
_RELEASE = {
    "id": {"uuid": str},
    "artifact": {"digest": str},
    "content": {"fingerprint": str, "tasks": [{"name": str, "version": str}]},
    "createdAt": str,
    "clusters": _SLUGS,
}
_WORKFLOW = {"slug": str, "releases": [_RELEASE]}
_ANSWERS: dict[str, Any] = {
    "CreateWorkflow": _WORKFLOW,
    "DeployWorkflowRelease": {"clusters": _SLUGS},
    "GetCluster": {"slug": str, "deployedReleases": [_WORKFLOW]},
    "GetWorkflow": _WORKFLOW,
    "ListWorkflows": {"workflows": [_WORKFLOW], "nextPage": {}},
    "PublishWorkflowRelease": _RELEASE,
    "UndeployWorkflowRelease": {"clusters": _SLUGS},
}


class ConnectError(PublishError):
    """The service answered with an error. `code` is one of the protocol's, such as "not_found"."""

    def __init__(self, code: str, problem: Problem) -> None:
        super().__init__(problem)
        self.code = code


class Connect:
    """The WorkflowsService at `url`, called with `key`."""

    def __init__(self, http: Http, url: str, key: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Connect-Protocol-Version": "1",
        }

    def call(self, method: str, request: dict[str, Any]) -> dict[str, Any]:
        """The response message of a method, as JSON values; what is read of it has the types of its definition.

        Raises ConnectError with the service's words, else PublishError.
        """
        url = f"{self._url}/{SERVICE}/{method}"
        response = self._http.send("POST", url, body=json.dumps(request).encode(), headers=self._headers)
        answer = json_of(response)
        if response.status_code == 200 and isinstance(answer, dict):  # noqa: PLR2004 -- the one status of success
            if not _conforms(answer, _ANSWERS[method]):
                raise self._http.refusal(response, f"this is not how the Tilebox API defines the answer to {method}")
            return answer
        if not isinstance(answer, dict) or not isinstance(answer.get("code"), str):
            raise self._http.refusal(response, "this is not how the Tilebox API answers", hint=_hint("", response))
        code, message = answer["code"][:_SHOWN], self._http.mask(str(answer.get("message", "")))[:_SHOWN]
        raise ConnectError(code, Problem(f"{method} failed: {message or code} ({code})", hint=_hint(code, response)))


def encode_id(identifier: str) -> dict[str, str]:
    """An ID message. Raises PublishError where `identifier` is no UUID."""
    try:
        return {"uuid": base64.b64encode(uuid.UUID(identifier).bytes).decode()}
    except ValueError:
        raise PublishError(Problem(f"{identifier!r} is not a release id", hint="hatch-tilebox releases lists them")) from None


def decode_id(message: Any) -> str:
    """The UUID of an ID message. Raises PublishError where there is none."""
    try:
        return str(uuid.UUID(bytes=base64.b64decode(message["uuid"])))
    except (TypeError, KeyError, ValueError, binascii.Error):
        raise PublishError(Problem(f"the Tilebox API returned {repr(message)[:_SHOWN]}, which is not an id")) from None


def _conforms(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(_conforms(value[key], part) for key, part in shape.items() if key in value)
    if isinstance(shape, list):
        return isinstance(value, list) and all(_conforms(item, shape[0]) for item in value)
    return isinstance(value, shape)


def _hint(code: str, response: Response) -> str | None:
    if code == "unauthenticated" or response.status_code == 401:  # noqa: PLR2004 -- Unauthorized
        return "the key is not valid, or no longer valid: create one at https://console.tilebox.com and set TILEBOX_API_KEY"
    if code == "permission_denied" or response.status_code == 403:  # noqa: PLR2004 -- Forbidden
        return "the key does not have the permission to do this"
    return None
