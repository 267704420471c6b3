"""Facts about the official image for release runners, `ghcr.io/tilebox/runner`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hatch_tilebox.core.model import FileSet

PYTHONS = ("3.12", "3.13", "3.14")
"""The minor versions of CPython in the image. Source: Tilebox's documentation of release runners."""
_PATCHES = 100
"""A minor version of CPython has fewer patch releases."""


def pin_of(files: FileSet) -> str | None:
    """Return the text of `.python-version` among the selected files, None if it is not selected."""
    return next((file.source.read_text("utf-8", "replace") for file in files.files if file.path == ".python-version"), None)


def pythons_for(requires_python: str | None, pin: str | None = None) -> tuple[str, ...]:
    """Return the minor versions in the image that a project can run on.

    `requires_python` is a version specifier; an invalid one, which other checks report, allows all. `pin` is the text of
    `.python-version`, which counts if it names a minor version such as "3.12".
    """
    pinned = re.match(r"\s*(?:cpython[-@]?|python)?(\d+\.\d+)", pin or "")
    pythons = tuple(minor for minor in PYTHONS if not pinned or pinned[1] == minor)
    if not requires_python:
        return pythons
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # builds without `requires-python` do not pay for it

    try:
        allowed = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return pythons
    return tuple(minor for minor in pythons if any(allowed.contains(f"{minor}.{patch}") for patch in range(_PATCHES)))
