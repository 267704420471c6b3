"""Mosaics of map tiles."""
