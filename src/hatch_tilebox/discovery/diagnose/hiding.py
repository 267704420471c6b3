"""Modules of a project that hide others from its worker.

`python -m` puts the working folder first on the path, so a module there is imported in place of one of the standard library, or of
the SDK, that has its name. Source: https://docs.python.org/3/library/sys_path_init.html
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["hidden_module", "hiding_files", "hiding_warnings"]

SDK = "tilebox"
LOADED_FIRST = frozenset({"_collections_abc", "_sitebuiltins", "abc", "codecs", "encodings", "io", "os", "site", "stat"})
"""What every interpreter has loaded before the working folder is on its path, apart from what is built into it."""


def hiding_files(paths: Iterable[str]) -> dict[str, str]:
    """The files among `paths`, relative to the root, that hide a module of the standard library or the SDK: module to file."""
    hideable = (sys.stdlib_module_names | {SDK}) - LOADED_FIRST - {*sys.builtin_module_names}
    found = {}
    for path in paths:
        name = path.removesuffix("/__init__.py") if path.endswith("/__init__.py") else path.removesuffix(".py")
        if path.endswith(".py") and name in hideable:
            found[name] = path
    return found


def hidden_module(name: str) -> str:
    """What the module `name` is, in words."""
    return "the SDK's package `tilebox`" if name == SDK else f"the standard library's `{name}`"


def hiding_warnings(paths: Iterable[str]) -> list[Problem]:
    """A warning for each of `paths` that hides another module from the worker."""
    return [
        Problem(f"this module hides {hidden_module(name)} from the worker", renaming(path), Location(path))
        for name, path in sorted(hiding_files(paths).items())
    ]


def renaming(path: str) -> str:
    """What to do about the file `path` that hides another module."""
    return f"rename {path.removesuffix('__init__.py')}, and change what imports it"
