"""Tilebox as a destination."""
