"""Who we are to a registry: docker's credentials, Basic and Bearer.

Sources: https://distribution.github.io/distribution/spec/auth/token/ and the credential files that `docker login` writes.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from hatch_tilebox.core.errors import Location, Problem, PublishError
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.publish.http import json_of, require_safe, same_origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.publish.http import Body, Http, Response

_DOCKER_HUB = "https://index.docker.io/v1/"
_IDENTITY_TOKEN = "<token>"  # noqa: S105 -- the user name by which a credential helper says that the secret is one
_HELPER_SECONDS = 60


@dataclass(frozen=True, repr=False)
class Credentials:
    """A user and a password, or an identity token in place of both."""

    user: str = ""
    password: str = ""
    identity_token: str = ""

    @property
    def basic(self) -> str:
        """User and password as the Basic scheme sends them."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Authorization:
    """Requests to the registry `host`, whose API is at `base`, with the headers that it asks for."""

    def __init__(self, http: Http, host: str, base: str) -> None:
        self._http = http
        self._host = host
        self._base = base
        self.headers: dict[str, str] = {}

    def send(
        self, method: str, url: str, *, body: Body | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The answer to a request, made again with credentials where the registry asks for them."""
        response = self._http.send(method, url, body=body, headers=self._signed(url, headers))
        if response.status_code == 401 and self._answer(response):  # noqa: PLR2004 -- Unauthorized
            response = self._http.send(method, url, body=body, headers=self._signed(url, headers))
        return response

    def attempt(self, method: str, url: str, *, body: Body, headers: Mapping[str, str]) -> Response | None:
        """The like for a request that must not be repeated when its answer is lost."""
        response = self._http.attempt(method, url, body=body, headers=self._signed(url, headers))
        if response is not None and response.status_code == 401 and self._answer(response):  # noqa: PLR2004 -- Unauthorized
            response = self._http.attempt(method, url, body=body, headers=self._signed(url, headers))
        return response

    def _signed(self, url: str, headers: Mapping[str, str] | None) -> dict[str, str]:
        """Headers for `url`; an upload may be sent to another host, which gets no credentials."""
        return {**(headers or {}), **(self.headers if same_origin(url, self._base) else {})}

    def _answer(self, response: Response) -> bool:
        """Learn the header that a challenge asks for. False where the credentials were refused already."""
        challenge = response.headers.get("WWW-Authenticate", "")
        scheme, _, rest = challenge.partition(" ")
        credentials = find_credentials(self._host)
        if credentials:
            for secret in (credentials.password, credentials.identity_token, credentials.basic):
                self._http.hide(secret)
        header = ""
        if scheme.lower() == "basic" and credentials:
            header = f"Basic {credentials.basic}"
        elif scheme.lower() == "bearer":
            parameters: dict[str, str] = dict(re.findall(r'(\w+)="([^"]*)"', rest))
            header = f"Bearer {self._token(parameters, credentials)}"
        if not header or header == self.headers.get("Authorization"):
            return False
        self.headers = {"Authorization": header}
        return True

    def _token(self, challenge: dict[str, str], credentials: Credentials | None) -> str:
        realm = challenge.get("realm", "")
        if not realm:
            raise PublishError(Problem(f"{self._host} asks for a token and does not say where to get it"))
        require_safe(realm.partition("?")[0])
        if credentials and not _related(realm, self._base):
            message = f"{self._host} asks for a token from {display_url(realm)}, which is not its own host: no login is sent there"
            raise PublishError(Problem(message, hint="is this the registry that you meant?"))
        query: dict[str, str] = {name: challenge[name] for name in ("service", "scope") if name in challenge}
        if credentials and credentials.identity_token:
            form = {
                **query,
                "grant_type": "refresh_token",
                "refresh_token": credentials.identity_token,
                "client_id": "hatch-tilebox",
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            response = self._http.send("POST", realm, body=urlencode(form).encode(), headers=headers)
        else:
            headers = {"Authorization": f"Basic {credentials.basic}"} if credentials else {}
            response = self._http.send("GET", f"{realm}?{urlencode(query)}", headers=headers)
        try:
            answer = json_of(response) if response.is_success else {}
            token = answer.get("token") or answer["access_token"]
            if not re.fullmatch(r"[!-~]{1,65536}", token):  # what a header can hold
                raise TypeError(token)  # noqa: TRY301 -- the same answer to all that is wrong
        except (KeyError, AttributeError, TypeError):
            hint = f"log in again: docker login {self._host}"
            raise self._http.refusal(response, f"{self._host} returned no token", hint) from None
        self._http.hide(token)
        return str(token)


def _related(realm: str, base: str) -> bool:
    """Whether the token service at `realm` may have the credentials of the registry at `base`.

    It may on the registry's own host, and on one under the same domain, such as gitlab.example.com for registry.example.com. An
    address has no domain.
    """
    service, registry = (urlsplit(url).hostname or "" for url in (realm, base))
    if re.fullmatch(r"[0-9.]*|.*:.*", registry):
        return service == registry
    domain = registry.partition(".")[2]
    return service == registry or ("." in domain and f".{service}".endswith(f".{domain}"))


def advise(response: Response) -> str | None:
    """What a user can do about an answer that refuses."""
    if response.status_code in {401, 403}:
        return "log in with `docker login REGISTRY` as somebody who may do this there"
    if response.status_code == 404:  # noqa: PLR2004 -- Not Found
        return "is the repository's name right? Some registries require it to be created first"
    return None


def find_credentials(host: str, environ: Mapping[str, str] | None = None) -> Credentials | None:
    """What docker knows about a registry: from a credential helper if its configuration names one, else from its file.

    Raises PublishError where the file or the helper cannot be understood.
    """
    environ = os.environ if environ is None else environ
    path = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    try:
        config = _DockerConfig(path, json.loads(read_text(path, allow_mark=True)))
    except FileNotFoundError:
        return None
    except UnreadableTextError as error:
        raise _unusable(path, error.reason) from None
    except (ValueError, RecursionError):
        # The parser's own message may quote a secret.
        raise _unusable(path, "is not JSON") from None
    server = _DOCKER_HUB if host == "docker.io" else host
    helper = config.text("credHelpers", host) or config.text("credsStore")
    if helper and (found := _ask_helper(helper, server)):
        return found
    names = (server, f"https://{server}", f"https://{server}/")
    return next((_read_entry(config, name) for name in names if config.table("auths", name)), None)


class _DockerConfig:
    """Docker's file, in which anything may stand. Its values are never quoted, for they may be secrets."""

    def __init__(self, path: Path, values: Any) -> None:
        self.path = path
        self._values = values

    def table(self, *keys: str) -> dict[str, Any]:
        """The object at `keys`, empty where there is none."""
        found = self._values
        for depth in range(len(keys) + 1):
            if not isinstance(found, dict):
                where = ".".join(keys[:depth])
                raise _unusable(self.path, f"{where} must be an object" if where else "must hold an object")
            if depth < len(keys):
                found = {} if (inner := found.get(keys[depth])) is None else inner
        return dict(found)

    def text(self, *keys: str) -> str:
        """The text at `keys`, empty where there is none."""
        found = self.table(*keys[:-1]).get(keys[-1])
        if not isinstance(found, str | None):
            raise _unusable(self.path, f"{'.'.join(keys)} must be a string")
        return found or ""


def _unusable(path: Path, what: str) -> PublishError:
    return PublishError(Problem(what, "docker login writes the file anew", Location(str(path))))


def _read_entry(config: _DockerConfig, server: str) -> Credentials | None:
    if token := config.text("auths", server, "identitytoken"):
        return Credentials(identity_token=token)
    user, password = config.text("auths", server, "username"), config.text("auths", server, "password")
    if auth := config.text("auths", server, "auth"):
        try:
            user, _, password = base64.b64decode(auth, validate=True).decode().partition(":")
        except ValueError:
            raise _unusable(config.path, f"auths.{server}.auth is not base64") from None
    return Credentials(user, password) if user else None


def _ask_helper(name: str, server: str) -> Credentials | None:
    """What `docker-credential-NAME get` answers, None where it knows nothing."""
    command = f"docker-credential-{name}"
    try:
        done = subprocess.run([command, "get"], input=server.encode(), capture_output=True, check=False, timeout=_HELPER_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        raise PublishError(
            Problem(f"docker's credential helper {command} cannot be run", hint="see docker's config.json")
        ) from None
    if done.returncode:
        return None
    try:
        answer = json.loads(done.stdout)
        user, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PublishError(Problem(f"docker's credential helper {command} returned no credentials")) from None
    return Credentials(identity_token=secret) if user == _IDENTITY_TOKEN else Credentials(user, secret)
