"""Facts about the official image for release runners, `ghcr.io/tilebox/runner`."""

from __future__ import annotations

PYTHONS = ("3.12", "3.13", "3.14")
"""The minor versions of CPython in the image. Source: Tilebox's documentation of release runners."""
_PATCHES = 100
"""A minor version of CPython has fewer patch releases."""


def has_python_for(requires_python: str) -> bool:
    """Whether the image has an interpreter that `requires_python`, a version specifier, allows."""
    from packaging.specifiers import SpecifierSet  # builds of projects without `requires-python` do not pay for it

    allowed = SpecifierSet(requires_python)
    return any(allowed.contains(f"{minor}.{patch}") for minor in PYTHONS for patch in range(_PATCHES))
