"""From what a user wrote to a destination: those of this package, and those of plugins."""

from __future__ import annotations

import os
import traceback
from contextlib import closing
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import PluginError, Problem, TileboxError
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.plugins.destination import Destination
from hatch_tilebox.plugins.manager import plugin_manager
from hatch_tilebox.publish.addresses import folder_of, is_folder, no_destination, unknown_destination

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.publish.settings import Settings

API_URL = "https://api.tilebox.com"


def open_destination(
    settings: Settings, base: Path, *, prompt: Callable[[str], str] | None = None, progress: Progress | None = None
) -> closing[Destination]:
    """The destination that `settings.to` names, as a context that closes it. A relative folder is one of `base`.

    Plugins are asked first. `prompt` asks the user for a secret; without it nobody is asked. Raises PublishError where nobody
    knows the destination, or where it lacks a key or an extra of this package; PluginError where a plugin fails.
    """
    if not settings.to:
        raise no_destination()
    hooks = plugin_manager().hook
    found = _ask(hooks.hatch_tilebox_destination, url=settings.to, options=settings.options)
    if found is None:
        return closing(_own(settings, base, hooks, prompt, progress))
    if not isinstance(found, Destination):
        raise PluginError(
            Problem(f"a plugin gave {found!r} as the destination {display_url(settings.to)!r}: that is not a Destination")
        )
    return closing(found)


def _own(settings: Settings, base: Path, hooks: Any, prompt: Callable[[str], str] | None, progress: Progress | None) -> Destination:
    to = settings.to
    if to == "tilebox" or to.lower().startswith(("https://", "http://")):
        return _tilebox(settings, hooks, prompt, progress)
    if to.startswith("oci://"):
        from hatch_tilebox.publish.oci.repository import OciRepository

        return OciRepository(to, progress=progress)
    if is_folder(to, base):
        from hatch_tilebox.publish.store import Store

        return Store(folder_of(to, base))
    raise unknown_destination(to)


def _tilebox(settings: Settings, hooks: Any, prompt: Callable[[str], str] | None, progress: Progress | None) -> Destination:
    """The Tilebox API, with the key that belongs to it.

    The key in the environment goes to the default API, to TILEBOX_API_URL, and to a URL that the user chose: on the command line,
    in the environment, or in hatch's own configuration. A project's file does not decide who gets it.
    """
    from hatch_tilebox.publish.http import require_safe, same_origin
    from hatch_tilebox.publish.tilebox.api import TileboxApi
    from hatch_tilebox.publish.tilebox.credentials import api_key
    from hatch_tilebox.publish.tilebox.tool import find_tool
    from hatch_tilebox.publish.tilebox.with_tool import TileboxWithTool

    users = os.environ.get("TILEBOX_API_URL") or API_URL
    url = users if settings.to == "tilebox" else settings.to
    require_safe(url)
    trusted = "to" not in settings.by_project or same_origin(url, API_URL) or same_origin(url, users)
    key = api_key(url, prompt, from_environment=trusted)
    own = {"api_url": url, "api_key": key, "artifact_url": settings.artifact_url}
    transport = _ask(hooks.hatch_tilebox_artifact_transport, secret=key, **own)
    artifact_key = key
    if settings.artifact_url and transport is None:  # a plugin may know other URLs, and brings what they ask for
        require_safe(settings.artifact_url)
        if "artifact_url" in settings.by_project and not same_origin(settings.artifact_url, url):
            artifact_key = api_key(settings.artifact_url, prompt, from_environment=False)
    if transport is None and not settings.artifact_url and (tool := find_tool()):
        api: TileboxApi = TileboxWithTool(url, key, tool, progress=progress)
    else:
        api = TileboxApi(
            url, key, artifact_url=settings.artifact_url, artifact_key=artifact_key, transport=transport, progress=progress
        )
    api.to = settings.to
    return api


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
        raise PluginError(Problem(message, hint="fix or uninstall the package that brings it", details=details)) from error
