"""Copies of packages that setuptools leaves in `build/lib`."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.progress import format_size, quantity
from hatch_tilebox.selection.patterns.globs import escape, exclude_line

if TYPE_CHECKING:
    from hatch_tilebox.core.model import FileSet, SelectedFile

# setuptools adds the platform to the name for packages with extension modules.
_BUILT = re.compile(r"(?P<base>(?:.*/)?)build/(?P<lib>lib(?:\.[^/]+)?)/(?P<name>[^/]+)")


def check_leftovers(files: FileSet) -> tuple[Problem, ...]:
    """Return a warning for each selected package in `build/lib` that has the name of a package beside `build`."""
    groups: dict[tuple[str, str, str], list[SelectedFile]] = defaultdict(list)
    for file in files.files:
        if "build/lib" in file.path and (match := _BUILT.match(file.path)):
            base, name = match["base"], match["name"]
            original = next((path for path in (base + name, f"{base}src/{name}") if os.path.exists(files.root / path)), None)
            if original is not None:
                groups[f"{base}build", match[0], original].append(file)
    return tuple(_warning(*paths, group) for paths, group in sorted(groups.items()))


def _warning(build: str, copy: str, original: str, files: list[SelectedFile]) -> Problem:
    count = f"{quantity(len(files), 'file')}, {format_size(sum(file.size for file in files))}"
    hint = f"to leave it out: {exclude_line(f'{escape(build)}/**')}"
    return Problem(f"{copy} is a copy of {original} that setuptools created: {count}", hint, code="TBX116")
