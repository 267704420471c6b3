"""The names of bands, for all workflows of this repository."""

NAMES = ["B02", "B03"]
