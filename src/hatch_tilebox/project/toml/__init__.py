"""TOML documents with the positions of their keys, and tables checked against their shape."""
