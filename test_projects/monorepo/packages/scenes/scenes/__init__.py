"""Scenes and the tiles that they cover."""

from __future__ import annotations

from grids import tile


def tiles(west: float, south: float, east: float, north: float) -> list[str]:
    """The tiles of the corners of a scene."""
    return sorted({tile(longitude, latitude) for longitude in (west, east) for latitude in (south, north)})
