"""Requests to a registry, with the authorization that it asks for: Basic or Bearer.

Source: https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.publish.http.client import json_of
from hatch_tilebox.publish.http.origins import require_safe, same_origin
from hatch_tilebox.publish.oci.docker_login import DockerLogin, find_login

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.publish.http.client import Body, Http, Response


class Registry:
    """A repository of the registry `host`, whose API is at `base`. Requests have the authorization that the registry asks for."""

    def __init__(self, http: Http, host: str, base: str) -> None:
        self.http = http
        self.base = base
        self._host = host
        self.headers: dict[str, str] = {}

    def send(
        self, method: str, url: str, *, body: Body | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the answer to a request, which is sent again with a login if the registry asks for one."""
        response = self.http.send(method, url, body=body, headers=self._signed(url, headers))
        if response.status_code == 401 and self._answer(response):  # noqa: PLR2004 -- Unauthorized
            response = self.http.send(method, url, body=body, headers=self._signed(url, headers))
        return response

    def attempt(self, method: str, url: str, *, body: Body, headers: Mapping[str, str]) -> Response | None:
        """Send a request like `send`, but only once if its answer is lost: None then."""
        response = self.http.attempt(method, url, body=body, headers=self._signed(url, headers))
        if response is not None and response.status_code == 401 and self._answer(response):  # noqa: PLR2004 -- Unauthorized
            response = self.http.attempt(method, url, body=body, headers=self._signed(url, headers))
        return response

    def expect(self, status: int, response: Response, what: str) -> Response:
        """Return the answer if it has this status. Raises PublishError, which says `what` failed, for another one."""
        if response.status_code != status:
            raise self.http.refusal(response, what, advise(response))
        return response

    def _signed(self, url: str, headers: Mapping[str, str] | None) -> dict[str, str]:
        """Return the headers for `url`. An upload may go to another host, which gets no login."""
        return {**(headers or {}), **(self.headers if same_origin(url, self.base) else {})}

    def _answer(self, response: Response) -> bool:
        """Set the header that a challenge asks for. Return False if the request had it already. Several threads may ask for one."""
        challenge = response.headers.get("WWW-Authenticate", "")
        scheme, _, rest = challenge.partition(" ")
        login = find_login(self._host)
        if login:
            for secret in (login.password, login.identity_token, login.basic):
                self.http.hide(secret)
        header = ""
        if scheme.lower() == "basic" and login:
            header = f"Basic {login.basic}"
        elif scheme.lower() == "bearer":
            parameters: dict[str, str] = dict(re.findall(r'(\w+)="([^"]*)"', rest))
            header = f"Bearer {self._token(parameters, login)}"
        if not header or header == response.request.headers.get("Authorization"):
            return False
        self.headers = {"Authorization": header}
        return True

    def _token(self, challenge: dict[str, str], login: DockerLogin | None) -> str:
        realm = challenge.get("realm", "")
        if not realm:
            raise PublishError(Problem(f"{self._host} asks for a token but does not name the token service"))
        require_safe(realm.partition("?")[0])
        if login and not _related(realm, self.base):
            message = f"{self._host} asks for a token from {display_url(realm)}, which is not its own host: no login is sent there"
            raise PublishError(Problem(message, hint="check the name of the registry"))
        query: dict[str, str] = {name: challenge[name] for name in ("service", "scope") if name in challenge}
        if login and login.identity_token:
            form = {
                **query,
                "grant_type": "refresh_token",
                "refresh_token": login.identity_token,
                "client_id": "hatch-tilebox",
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            response = self.http.send("POST", realm, body=urlencode(form).encode(), headers=headers)
        else:
            headers = {"Authorization": f"Basic {login.basic}"} if login else {}
            response = self.http.send("GET", f"{realm}?{urlencode(query)}", headers=headers)
        try:
            answer = json_of(response) if response.is_success else {}
            token = answer.get("token") or answer["access_token"]
            if not re.fullmatch(r"[!-~]{1,65536}", token):  # allowed in a header
                raise TypeError(token)  # noqa: TRY301 -- one error for all wrong answers
        except (KeyError, AttributeError, TypeError):
            hint = f"log in again: docker login {self._host}"
            raise self.http.refusal(response, f"{self._host} returned no token", hint) from None
        self.http.hide(token)
        return str(token)


def _related(realm: str, base: str) -> bool:
    """Whether the token service at `realm` may get the login for the registry at `base`.

    It may if it is on the same host, or under the same domain, such as gitlab.example.com for registry.example.com. An IP address
    has no domain.
    """
    service, registry = (urlsplit(url).hostname or "" for url in (realm, base))
    if re.fullmatch(r"[0-9.]*|.*:.*", registry):
        return service == registry
    domain = registry.partition(".")[2]
    return service == registry or ("." in domain and f".{service}".endswith(f".{domain}"))


def advise(response: Response) -> str | None:
    """Return a hint for the status of a refused request."""
    if response.status_code in {401, 403}:
        return "log in with `docker login REGISTRY` with an account that has permission for this"
    if response.status_code == 404:  # noqa: PLR2004 -- Not Found
        return "check the name of the repository; some registries require that it is created first"
    return None
