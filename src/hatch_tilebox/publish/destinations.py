"""From what a user wrote to a destination: those of this package, and those of plugins."""

from __future__ import annotations

import os
import traceback
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hatch_tilebox.errors import PluginError, Problem, PublishError, TileboxError
from hatch_tilebox.plugins import plugin_manager
from hatch_tilebox.publish.destination import Destination

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.progress import Progress
    from hatch_tilebox.publish.settings import Settings

API_URL = "https://api.tilebox.com"


def open_destination(
    settings: Settings, base: Path, *, prompt: Callable[[str], str] | None = None, progress: Progress | None = None
) -> closing[Destination]:
    """The destination that `settings.to` names, as a context that closes it. A relative folder is one of `base`.

    Plugins are asked first. `prompt` asks the user for a secret; without it nobody is asked. Raises PublishError where nobody
    knows the destination, or where it lacks a key or an extra of this package; PluginError where a plugin fails.
    """
    hooks = plugin_manager().hook
    found = _ask(hooks.hatch_tilebox_destination, url=settings.to, options=settings.options)
    if found is None:
        return closing(_own(settings, base, hooks, prompt, progress))
    if not isinstance(found, Destination):
        raise PluginError(Problem(f"a plugin gave {found!r} as the destination {settings.to!r}: that is no Destination"))
    return closing(found)


def _own(settings: Settings, base: Path, hooks: Any, prompt: Callable[[str], str] | None, progress: Progress | None) -> Destination:
    to = settings.to
    scheme, mark, _ = to.partition("://")
    if to == "tilebox" or (mark and scheme in {"https", "http"}):
        from hatch_tilebox.publish.credentials import api_key
        from hatch_tilebox.publish.http import require_safe
        from hatch_tilebox.publish.tilebox import TileboxApi

        url = (os.environ.get("TILEBOX_API_URL") or API_URL) if to == "tilebox" else to
        require_safe(url)
        key = api_key(url, prompt)
        own = {"api_url": url, "api_key": key, "artifact_url": settings.artifact_url}
        transport = _ask(hooks.hatch_tilebox_artifact_transport, secret=key, **own)
        return TileboxApi(url, key, artifact_url=settings.artifact_url, transport=transport, progress=progress)
    if mark and scheme == "oci":
        from hatch_tilebox.publish.oci import OciRepository

        return OciRepository(to, progress=progress)
    if not mark or scheme == "file":
        from hatch_tilebox.publish.store import Store

        return Store(_folder(to) if mark else base / Path(to).expanduser())
    hint = "known are tilebox, https://…, file:///…, oci://REGISTRY/REPOSITORY, a folder, and what installed plugins add"
    raise PublishError(Problem(f"no destination is called {to!r}", hint=hint))


def _ask(hook: Any, *, secret: str = "", **arguments: Any) -> Any:
    """What the first plugin that knows the answer gives, None where none does. Its error is told without the `secret`."""
    try:
        return hook(**arguments)
    except TileboxError:
        raise
    except Exception as error:
        details = "".join(traceback.format_exception_only(error)).rstrip()
        details = details.replace(secret, "***") if secret else details
        message = f"a plugin failed in the hook {hook.name}"
        raise PluginError(Problem(message, hint="mend or uninstall the package that brings it", details=details)) from error


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"} or not parts.path:
        raise PublishError(Problem(f"{url} is no folder of this machine", hint="write file:///absolute/path"))
    return Path(url2pathname(parts.path))
