"""Patterns of paths: globs of `include` and `exclude`, and lines of ignore files."""
