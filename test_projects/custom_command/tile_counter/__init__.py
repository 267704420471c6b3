"""Counts map tiles."""
