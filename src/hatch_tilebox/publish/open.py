"""Opens the destination that the settings name: a built-in one, or one of a plugin."""

from __future__ import annotations

import os
import traceback
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from hatch_tilebox.core.errors import PluginError, Problem, TileboxError
from hatch_tilebox.core.urls import display_url
from hatch_tilebox.plugins.destination import Destination
from hatch_tilebox.plugins.manager import plugin_manager
from hatch_tilebox.publish.addresses import folder_of, is_folder, no_destination, unknown_destination

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pluggy import HookRelay

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.publish.settings import Settings

    Prompt = Callable[[str], str] | None

Result = TypeVar("Result")

API_URL = "https://api.tilebox.com"


def open_destination(
    settings: Settings, base: Path, *, prompt: Prompt = None, progress: Progress | None = None
) -> closing[Destination]:
    """Open the destination that `settings.to` names, as a context that closes it. A relative folder is relative to `base`.

    Plugins are called first. `prompt` asks the user for a secret. Raises PublishError if the destination is not known, or a key
    or an extra of this package is missing; PluginError if a plugin fails.
    """
    if not settings.to:
        raise no_destination()
    hooks = plugin_manager().hook
    found = _call("hatch_tilebox_destination", lambda: hooks.hatch_tilebox_destination(url=settings.to, options=settings.options))
    if found is None:
        return closing(_open_builtin(settings, base, hooks, prompt, progress))
    if not isinstance(found, Destination):
        raise PluginError(
            Problem(
                f"a plugin returned {found!r} for the destination {display_url(settings.to)!r}: that is not a Destination",
                code="TBX700",
            )
        )
    return closing(found)


def _open_builtin(settings: Settings, base: Path, hooks: HookRelay, prompt: Prompt, progress: Progress | None) -> Destination:
    # An HTTP client takes long to import, and not every destination needs one.
    to = settings.to
    if to == "tilebox" or to.lower().startswith(("https://", "http://")):
        return _open_tilebox(settings, hooks, prompt, progress)
    if to.startswith("oci://"):
        from hatch_tilebox.publish.oci.repository import OciRepository

        return OciRepository(to, progress=progress)
    if is_folder(to, base):
        from hatch_tilebox.publish.store import ReleaseStore

        return ReleaseStore(folder_of(to, base))
    raise unknown_destination(to)


def _open_tilebox(settings: Settings, hooks: HookRelay, prompt: Prompt, progress: Progress | None) -> Destination:
    """Open the Tilebox API with its key.

    The key in the environment is sent to the default API, to TILEBOX_API_URL, and to a URL that the user chose: on the command
    line, in the environment, or in hatch's configuration file. A file of the project cannot choose who gets it.
    """
    from hatch_tilebox.publish.http.origins import require_safe, same_origin
    from hatch_tilebox.publish.tilebox.api import TileboxApi
    from hatch_tilebox.publish.tilebox.credentials import api_key
    from hatch_tilebox.publish.tilebox.tool import find_tool
    from hatch_tilebox.publish.tilebox.with_tool import TileboxWithTool

    users = os.environ.get("TILEBOX_API_URL") or API_URL
    url = users if settings.to == "tilebox" else settings.to
    require_safe(url)
    trusted = "to" not in settings.by_project or same_origin(url, API_URL) or same_origin(url, users)
    key, artifact_url = api_key(url, prompt, from_environment=trusted), settings.artifact_url
    hook = hooks.hatch_tilebox_artifact_transport
    transport = _call(
        "hatch_tilebox_artifact_transport", lambda: hook(api_url=url, api_key=key, artifact_url=artifact_url), secret=key
    )
    artifact_key = key
    if artifact_url and transport is None:  # a plugin may support other URLs, and checks them itself
        require_safe(artifact_url)
        if "artifact_url" in settings.by_project and not same_origin(artifact_url, url):
            artifact_key = api_key(artifact_url, prompt, from_environment=False)
    if transport is None and not artifact_url and (tool := find_tool()):
        api: TileboxApi = TileboxWithTool(url, key, tool, progress=progress)
    else:
        api = TileboxApi(url, key, artifact_url=artifact_url, artifact_key=artifact_key, transport=transport, progress=progress)
    api.to = settings.to
    return api


def _call(name: str, hook: Callable[[], Result], *, secret: str = "") -> Result:
    """Return the result of a hook of plugins. The report of an error does not contain `secret`."""
    try:
        return hook()
    except TileboxError:
        raise
    except Exception as error:
        details = "".join(traceback.format_exception_only(error)).rstrip()
        details = details.replace(secret, "***") if secret else details
        hint = "fix or uninstall the package that contains it"
        raise PluginError(Problem(f"a plugin failed in the hook {name}", hint=hint, details=details, code="TBX700")) from error
