"""Which URLs may get a secret, and which URLs belong to the same service."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urljoin, urlsplit

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.urls import display_url

_DEFAULT_PORTS = {"http": 80, "https": 443}


def require_safe(url: str) -> None:
    """Raise PublishError if secrets must not be sent to `url`: it is http to another machine, or it holds a secret itself."""
    parts = _split(url)
    if parts.username or parts.password or parts.query:
        hint = "remove USER:PASSWORD@ and everything after `?`; see docs/how-to/publish.md for where keys are read from"
        raise PublishError(Problem(f"{display_url(url)}: a URL is not a place for a password or token", hint=hint, code="TBX515"))
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise PublishError(
            Problem(f"{display_url(url)}: keys are sent over https only, or to this machine", hint="write https://…", code="TBX515")
        )


def is_loopback(url: str) -> bool:
    """Whether the host of `url` is this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs have the same scheme, host and port, so that a secret for one may be sent to the other."""
    first, second = _origin(one), _origin(other)
    return first is not None and first[1] != "" and first == second


def same_service(base: str, link: str) -> str:
    """Return `link`, which the answer from `base` names, as an absolute URL. Raises PublishError if its origin is another one."""
    try:
        found = urljoin(base, link)
        kept = same_origin(base, found) and not urlsplit(found).netloc.rpartition("@")[0]
    except ValueError:
        found, kept = link, False
    if not kept:
        message = f"{display_url(base)} leads to {display_url(found)[:200]}: another host, another port or not https"
        raise PublishError(Problem(message, hint="the administrator of the service can configure its public URL", code="TBX515"))
    return found


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port, or None if `url` is not a URL."""
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises ValueError if it is not a number
    except ValueError:
        raise PublishError(Problem(f"{display_url(url)} is not a URL", hint="write https://HOST/PATH", code="TBX501")) from None
    return parts
