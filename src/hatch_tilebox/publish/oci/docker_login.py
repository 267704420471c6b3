"""Logins for registries from docker's configuration: `config.json` as `docker login` writes it, and credential helpers."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem, PublishError
from hatch_tilebox.core.read_text import UnreadableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.model import JSON

_DOCKER_HUB = "https://index.docker.io/v1/"
_TOKEN_USER = "<token>"  # noqa: S105 -- the user name with which a credential helper marks an identity token
_HELPER_SECONDS = 60


@dataclass(frozen=True, repr=False)
class DockerLogin:
    """A user and a password, or an identity token instead of both."""

    user: str = ""
    password: str = ""
    identity_token: str = ""

    @property
    def basic(self) -> str:
        """User and password as the Basic scheme sends them."""
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def find_login(host: str, environ: Mapping[str, str] | None = None) -> DockerLogin | None:
    """Return docker's login for a registry: from a credential helper if its configuration names one, else from its file.

    Raises PublishError if the file or the answer of the helper cannot be used.
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
        # The message of the parser may quote a secret.
        raise _unusable(path, "is not JSON") from None
    server = _DOCKER_HUB if host == "docker.io" else host
    helper = config.text("credHelpers", host) or config.text("credsStore")
    if helper and (found := _ask_helper(helper, server)):
        return found
    names = (server, f"https://{server}", f"https://{server}/")
    return next((_read_entry(config, name) for name in names if config.table("auths", name)), None)


class _DockerConfig:
    """Docker's file, checked where it is read. Messages never quote its values: they may be secrets."""

    def __init__(self, path: Path, values: JSON) -> None:
        self.path = path
        self._values = values

    def table(self, *keys: str) -> dict[str, JSON]:
        """Return the object at `keys`, empty if it is missing."""
        found = self._values
        for depth in range(len(keys) + 1):
            if not isinstance(found, dict):
                where = ".".join(keys[:depth])
                raise _unusable(self.path, f"{where} must be an object" if where else "must hold an object")
            if depth < len(keys):
                found = {} if (inner := found.get(keys[depth])) is None else inner
        return dict(found) if isinstance(found, dict) else {}

    def text(self, *keys: str) -> str:
        """Return the string at `keys`, empty if it is missing."""
        found = self.table(*keys[:-1]).get(keys[-1])
        if not isinstance(found, str | None):
            raise _unusable(self.path, f"{'.'.join(keys)} must be a string")
        return found or ""


def _unusable(path: Path, what: str) -> PublishError:
    return PublishError(Problem(what, "docker login writes the file again", Location(str(path)), code="TBX502"))


def _read_entry(config: _DockerConfig, server: str) -> DockerLogin | None:
    if token := config.text("auths", server, "identitytoken"):
        return DockerLogin(identity_token=token)
    user, password = config.text("auths", server, "username"), config.text("auths", server, "password")
    if auth := config.text("auths", server, "auth"):
        try:
            user, _, password = base64.b64decode(auth, validate=True).decode().partition(":")
        except ValueError:
            raise _unusable(config.path, f"auths.{server}.auth is not base64") from None
    return DockerLogin(user, password) if user else None


def _ask_helper(name: str, server: str) -> DockerLogin | None:
    """Return the answer of `docker-credential-NAME get`, or None if the helper has no login for the server."""
    command = f"docker-credential-{name}"
    try:
        done = subprocess.run([command, "get"], input=server.encode(), capture_output=True, check=False, timeout=_HELPER_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        raise PublishError(
            Problem(f"docker's credential helper {command} cannot be run", hint="see docker's config.json", code="TBX502")
        ) from None
    if done.returncode:
        return None
    try:
        answer = json.loads(done.stdout)
        user, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PublishError(Problem(f"docker's credential helper {command} returned no credentials", code="TBX502")) from None
    return DockerLogin(identity_token=secret) if user == _TOKEN_USER else DockerLogin(user, secret)
