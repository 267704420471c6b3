"""The libraries of the extra `publish`. Importing this module raises a TileboxError if one is missing."""

from __future__ import annotations

from hatch_tilebox.core.extras import extra

with extra("publish", "publishing to Tilebox and to OCI registries"):
    import httpx
    import tenacity

__all__ = ["httpx", "tenacity"]
