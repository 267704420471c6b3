"""Helpers for Tilebox."""
