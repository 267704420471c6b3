"""Spectral bands."""
