"""URLs that are safe to show: everything in a URL except the place may be a secret."""

from __future__ import annotations

import re

_DIGEST = r"@sha256:[0-9a-f]{64}$"
"""The end of a reference to an image in a registry: an `@` that does not follow a login."""
_WORKFLOW = r"https?://[A-Za-z0-9.-]+(?::\d+)?/[^\s@?#%]+@refs/(?:heads|tags|pull)/[^\s@?#%]+"
"""A workflow of a CI service at a branch or a tag: the identity of a job. No login precedes the host."""
_SCHEME = r"\s*(?P<name>[A-Za-z][A-Za-z0-9+.-]*):(?P<slashes>[/\\]*)"
_LOGIN_END = r"@|%40"
_NO_PORT = r"(?is)(?::|%3a)(?!\d*$).*"
_IPV6 = r"\[[0-9A-Fa-f:.%]*\](?::\d*)?"
_IN_TEXT = r"(?:[A-Za-z][A-Za-z0-9+.-]{1,30}:[/\\]{1,3}|[A-Za-z]:/{2,3})[^\s\"`<>]*"
"""A URL in a text. A quote `'` may be part of a password. One letter and one slash are a drive; the bound keeps it linear."""
_AFTER_URL = ".,;:!?'\")]}\\"


def display_url(url: str) -> str:
    """Return `url` without user, password, query and fragment, even if it is malformed or of an unknown kind.

    Everything before the last `@`, also one written `%40` before the path, is removed, because a password may contain any
    character; so is everything after the first `?` or `#`, and a port that is not a number. If an `@` follows a `?` or `#`, only
    the scheme is shown, because both could be part of a password. A digest at the end of a reference to an image stays.
    """
    start, rest, digest = _without_secrets(url)
    host, slash, path = rest.partition("/")
    if host.startswith("["):  # an IPv6 address has colons of its own
        address = re.match(_IPV6, host)
        host = address[0] if address else ""
    else:
        host = re.sub(_NO_PORT, "", host)
    return f"{start}{host}{slash}{path}{digest}"


def hide_logins(text: str) -> str:
    """Return `text` with URLs without user, password, query and fragment, in linear time."""
    return re.sub(_IN_TEXT, _hide_in_match, text) if ":" in text else text


def _hide_in_match(match: re.Match[str]) -> str:
    url = match[0].rstrip(_AFTER_URL)
    after = match[0][len(url) :]
    # A `file:` URL cannot have a login, and folders may have an `@` in their name.
    if re.fullmatch(_WORKFLOW, url) or url.lower().startswith("file:///"):
        return match[0]
    return "".join((*_without_secrets(url), after))


def _without_secrets(url: str) -> tuple[str, str, str]:
    """Return scheme and slashes of `url`, the rest of it without user, password, query and fragment, and the digest at its end."""
    found = re.search(_DIGEST, url)
    digest = found[0] if found else ""
    url = url.removesuffix(digest)
    scheme = re.match(_SCHEME, url)
    start = f"{scheme['name']}:{scheme['slashes']}" if scheme and scheme["slashes"] else ""
    rest = url[scheme.end() :] if scheme and start else url
    place, *behind = re.split(r"[?#]", rest, maxsplit=1)
    if behind and "@" in behind[0]:
        return start, "…", digest
    host, slash, path = place.rpartition("@")[2].partition("/")
    return start, f"{re.split(_LOGIN_END, host)[-1]}{slash}{path}", digest
