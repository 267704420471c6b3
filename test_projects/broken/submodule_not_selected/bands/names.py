"""Names of the bands."""

NAMES = ["B02", "B03"]
