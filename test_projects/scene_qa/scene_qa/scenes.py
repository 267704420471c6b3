"""What is known about a scene, and the arithmetic on it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class Level(Enum):
    """Processing level of a product."""

    L1C = "L1C"
    L2A = "L2A"


@dataclass
class Footprint:
    """A bounding box in degrees."""

    west: float
    south: float
    east: float
    north: float

    @property
    def area(self) -> float:
        return abs(self.east - self.west) * abs(self.north - self.south)


@dataclass
class Scene:
    """One acquisition of a sensor."""

    scene_id: str
    acquired: datetime
    footprint: Footprint
    level: Level = Level.L1C
    bands: list[str] = field(default_factory=lambda: ["B02", "B03", "B04", "B08"])


def valid_share(histogram: dict[str, int]) -> float:
    """Share of pixels that are neither cloud, shadow nor missing."""
    total = sum(histogram.values())
    bad = sum(histogram.get(name, 0) for name in ("cloud", "shadow", "nodata"))
    return (total - bad) / total if total else 0.0
