"""Facts about the official image for release runners, `ghcr.io/tilebox/runner`."""

from __future__ import annotations

import re

PYTHONS = ("3.12", "3.13", "3.14")
"""The minor versions of CPython in the image. Source: Tilebox's documentation of release runners."""
_PATCHES = 100
"""A minor version of CPython has fewer patch releases."""


def pinned_python(text: str) -> str | None:
    """Return the minor version that a `.python-version` with this text names, such as "3.12"; None for other requests."""
    found = re.match(r"\s*(?:cpython[-@]?|python)?(\d+\.\d+)", text)
    return found[1] if found else None


def pythons_for(requires_python: str) -> tuple[str, ...]:
    """Return the minor versions in the image that `requires_python`, a version specifier, allows."""
    from packaging.specifiers import SpecifierSet  # builds of projects without `requires-python` do not pay for it

    allowed = SpecifierSet(requires_python)
    return tuple(minor for minor in PYTHONS if any(allowed.contains(f"{minor}.{patch}") for patch in range(_PATCHES)))
