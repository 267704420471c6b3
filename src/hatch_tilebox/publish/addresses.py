"""The kinds of destinations, recognised by how the user wrote them, and suggestions for a destination that is not known."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.urls import display_url

STORE_MARKER = "tilebox-store.json"
"""The file that marks a folder as a release store."""
_FOLDER = re.compile(r"(?![/\\]{2}[^/\\]*:.*@)([./~\\]|[A-Za-z]:[/\\]|file:)", re.IGNORECASE)
"""The beginning of a folder. A URL with a login that lost its scheme is not one."""
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?/|(localhost|[A-Za-z0-9-]+:\d+)/")
_SCHEME = re.compile(r"(https?|oci|file):?[/\\]*(?=[^/\\])", re.IGNORECASE)


def is_folder(to: str, base: Path) -> bool:
    """Whether the destination `to` is a folder: it is written as one, or a store of that name exists below `base`."""
    if _FOLDER.match(to):
        return True
    return "://" not in to and os.path.lexists(base / to / STORE_MARKER)


def folder_of(to: str, base: Path) -> Path:
    """Return the folder that `to` names, relative to `base`. Raises PublishError for a URL of another machine."""
    if not to.lower().startswith("file:"):
        return base / Path(to).expanduser()
    parts = urlsplit(to)
    if parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise PublishError(
            Problem(f"{display_url(to)} is not a folder of this machine", hint="write file:///absolute/path", code="TBX501")
        )
    return Path(url2pathname(parts.path))


def no_destination(advice: str = "") -> PublishError:
    """Return the error for a publication without a destination. It names the three kinds, and ends with the `advice`."""
    hint = (
        "name one with --to, or with `to` in [tool.hatch.publish.tilebox] of pyproject.toml:\n"
        "  --to tilebox                          the Tilebox API, with your key in TILEBOX_API_KEY\n"
        "  --to oci://ghcr.io/acme/scene-qa      a repository of a container registry\n"
        "  --to ./releases                       a folder"
    )
    return PublishError(Problem("no destination is set", hint=f"{hint}\n{advice}".rstrip(), code="TBX501"))


def unknown_destination(to: str) -> PublishError:
    """Return the error for a destination that is not known, with a suggestion."""
    shown = display_url(to)
    meant = _meant(shown)
    known = (
        "known are tilebox, https://…, oci://REGISTRY/REPOSITORY, file:///… or a folder such as ./releases, and what plugins add"
    )
    return PublishError(
        Problem(f"{shown!r} is not a destination", hint=f"did you mean {meant}? {known}" if meant else known, code="TBX501")
    )


def _meant(text: str) -> str:
    if text.strip().strip(":/").lower() == "tilebox":
        return "tilebox"
    if "://" in text and not _SCHEME.match(text):
        return ""
    if typo := _SCHEME.match(text):
        scheme = typo[1].lower()
        return f"{scheme}://{'/' if scheme == 'file' else ''}{text[typo.end() :]}"
    if _HOST.match(text):
        return f"oci://{text}"
    return f"./{text}" if re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", text) else ""
