"""Tiles of the globe."""


def tile(longitude: float, latitude: float) -> str:
    """The tile of ten degrees that a place is in, such as "E010N40"."""
    west, south = int(longitude // 10 * 10), int(latitude // 10 * 10)
    return f"{'W' if west < 0 else 'E'}{abs(west):03}{'S' if south < 0 else 'N'}{abs(south):02}"
