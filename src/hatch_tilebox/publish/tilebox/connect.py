"""Unary calls of the Connect protocol with JSON. Source: https://connectrpc.com/docs/protocol"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.publish.http.client import json_of
from hatch_tilebox.publish.tilebox.messages import ANSWERS, has_shape

if TYPE_CHECKING:
    from hatch_tilebox.publish.http.client import Http, Response

SERVICE = "workflows.v1.WorkflowsService"
_SHOWN = 500
"""Characters of an answer that an error repeats."""


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
        """Return the response message of a method as JSON values. The fields in `ANSWERS` have the types given there.

        Raises ConnectError with the message of the service, or PublishError if the answer is not one of the protocol.
        """
        url = f"{self._url}/{SERVICE}/{method}"
        response = self._http.send("POST", url, body=json.dumps(request).encode(), headers=self._headers)
        answer = json_of(response)
        if response.status_code == 200 and isinstance(answer, dict):  # noqa: PLR2004 -- the one status of success
            if not has_shape(answer, ANSWERS[method]):
                raise self._http.refusal(response, f"this is not how the Tilebox API defines the answer to {method}")
            return answer
        if not isinstance(answer, dict) or not isinstance(answer.get("code"), str):
            raise self._http.refusal(response, "this is not how the Tilebox API answers", hint=_hint("", response))
        code, message = answer["code"][:_SHOWN], self._http.mask(str(answer.get("message", "")))[:_SHOWN]
        raise ConnectError(code, Problem(f"{method} failed: {message or code} ({code})", hint=_hint(code, response)))


def _hint(code: str, response: Response) -> str | None:
    if code == "unauthenticated" or response.status_code == 401:  # noqa: PLR2004 -- Unauthorized
        return "the key is not valid, or no longer valid: create one at https://console.tilebox.com and set TILEBOX_API_KEY"
    if code == "permission_denied" or response.status_code == 403:  # noqa: PLR2004 -- Forbidden
        return "this key lacks permission"
    return None
