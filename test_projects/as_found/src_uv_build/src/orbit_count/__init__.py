"""Orbits of a satellite in a period."""

from orbit_count.orbits import count


def main() -> None:
    print(count(86_400, 98.6))
