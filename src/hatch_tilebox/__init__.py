"""Build Tilebox workflow releases with the standard Python build tools."""

__version__ = "0.1.0"
