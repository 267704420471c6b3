"""From what a user wrote to a destination: those of this package, and those of plugins."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hatch_tilebox.errors import Problem, PublishError

if TYPE_CHECKING:
    from hatch_tilebox.publish.destination import Destination
    from hatch_tilebox.publish.settings import Settings

API_URL = "https://api.tilebox.com"


def open_destination(settings: Settings, base: Path) -> closing[Destination]:
    """The destination that `settings.to` names, as a context that closes it. A relative folder is one of `base`.

    Plugins are asked first. Raises PublishError where nobody knows it, or where it lacks a key or an extra of this package.
    """
    return closing(_own(settings, base))


def _own(settings: Settings, base: Path) -> Destination:
    to = settings.to
    scheme, mark, _ = to.partition("://")
    if to == "tilebox" or (mark and scheme in {"https", "http"}):
        from hatch_tilebox.publish.tilebox import TileboxApi

        url = (os.environ.get("TILEBOX_API_URL") or API_URL) if to == "tilebox" else to
        return TileboxApi(url, settings)
    if mark and scheme == "oci":
        from hatch_tilebox.publish.oci import OciRepository

        return OciRepository(to)
    if not mark or scheme == "file":
        from hatch_tilebox.publish.store import Store

        return Store(_folder(to) if mark else base / Path(to).expanduser())
    hint = "known are tilebox, https://…, file:///…, oci://REGISTRY/REPOSITORY, a folder, and what installed plugins add"
    raise PublishError(Problem(f"no destination is called {to!r}", hint=hint))


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"} or not parts.path:
        raise PublishError(Problem(f"{url} is no folder of this machine", hint="write file:///absolute/path"))
    return Path(url2pathname(parts.path))
