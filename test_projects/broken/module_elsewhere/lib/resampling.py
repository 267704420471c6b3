"""Resampling methods."""

METHODS = ("nearest", "bilinear")
