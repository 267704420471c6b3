"""URLs as people may see them: whatever a URL holds besides a place may be a secret."""

from __future__ import annotations

import re

__all__ = ["display_url", "hide_logins"]

_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
"""How a reference to an image of a registry ends: the one `@` that is not behind a login."""
_SCHEME = re.compile(r"\s*(?P<name>[A-Za-z][A-Za-z0-9+.-]*):(?P<slashes>[/\\]*)")
_NO_PORT = re.compile(r":(?!\d*$).*")
_LOGIN = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*:[/\\]{1,3})[^\s@\"'`<>]*@(?!sha256:[0-9a-f]{64})")
_QUERY = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*://[^\s?\"'`<>]*)\?[^\s\"'`<>]+")


def display_url(url: str) -> str:
    """`url` without user, password, query and fragment, however malformed or unknown it is.

    All before the last `@` goes, for a password may hold any character; so does what follows the first `?` or `#`, and what
    stands in the place of a port and is not a number. With an `@` behind a `?` or `#` it cannot be known which of the two it is:
    only the scheme is shown then. A digest at the end of a reference to an image stays.
    """
    digest = _DIGEST.search(url)
    text = url[: digest.start()] if digest else url
    scheme = _SCHEME.match(text)
    start = f"{scheme['name']}:{scheme['slashes']}" if scheme and scheme["slashes"] else ""
    rest = text[scheme.end() :] if scheme and start else text
    if re.search(r"[?#].*@", rest, re.DOTALL):
        return f"{start}…"
    rest = re.split(r"[?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    if not host.startswith("["):  # an IPv6 address has colons of its own
        host = _NO_PORT.sub("", host)
    return f"{start}{host}{slash}{path}{digest[0] if digest else ''}"


def hide_logins(text: str) -> str:
    """`text` in which URLs have neither logins nor queries."""
    return _QUERY.sub(r"\1", _LOGIN.sub(r"\1", text))
