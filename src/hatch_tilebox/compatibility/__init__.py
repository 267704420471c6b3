"""Comparison of two releases, two archives or two schemas."""
