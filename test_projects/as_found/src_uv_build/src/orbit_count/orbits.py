"""Arithmetic on orbits."""


def count(seconds: float, minutes_per_orbit: float) -> float:
    """The number of orbits in a period."""
    return seconds / (60 * minutes_per_orbit)
