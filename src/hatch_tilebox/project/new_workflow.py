"""A new workflow at Tilebox, for a new project."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.publish.open import API_URL
from hatch_tilebox.publish.tilebox.credentials import KEY_VARIABLE, api_key

if TYPE_CHECKING:
    from hatch_tilebox.core.progress import Progress


def api_url() -> str:
    """The URL of the Tilebox API."""
    return os.environ.get("TILEBOX_API_URL") or API_URL


def find_key() -> str | None:
    """The user's key of the Tilebox API, without a prompt for it, or None."""
    try:
        return api_key(api_url(), None)
    except PublishError:
        if os.environ.get(KEY_VARIABLE, "").strip():
            raise
        return None


def create_workflow(name: str, summary: str, key: str, progress: Progress) -> str:
    """Create a workflow at Tilebox and return its slug. Raises PublishError if that fails; the request is not repeated."""
    # The HTTP client is an optional dependency.
    from hatch_tilebox.publish.http.retries import Retries
    from hatch_tilebox.publish.tilebox.api import TileboxApi

    url = api_url()
    progress.started("Creating the workflow")
    with closing(TileboxApi(url, key, retries=Retries(attempts=1), progress=progress)) as api:
        slug = api.create_workflow(name, summary)
    progress.finished(f"{slug} at {url}")
    return slug
