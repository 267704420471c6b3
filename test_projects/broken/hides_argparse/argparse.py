"""Band parameters."""

BANDS = ("B02", "B03", "B04")
