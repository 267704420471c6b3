"""Modules of a project that shadow modules of the standard library or of the SDK.

`python -m` puts the working folder first on the path, so a module there is imported instead of another one with the same name.
Source: https://docs.python.org/3/library/sys_path_init.html
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

SDK = "tilebox"
LOADED_FIRST = frozenset({"_collections_abc", "_sitebuiltins", "abc", "codecs", "encodings", "io", "os", "site", "stat"})
"""Modules that every interpreter loads before the working folder is on its path, except built-in ones."""


def shadowing_files(paths: Iterable[str]) -> dict[str, str]:
    """The files among `paths`, relative to the root, that shadow a module of the standard library or the SDK: module to file."""
    names = (sys.stdlib_module_names | {SDK}) - LOADED_FIRST - {*sys.builtin_module_names}
    found = {}
    for path in paths:
        name = path.removesuffix("/__init__.py") if path.endswith("/__init__.py") else path.removesuffix(".py")
        if path.endswith(".py") and name in names:
            found[name] = path
    return found


def shadowed_module(name: str) -> str:
    """The module `name` with its origin, for a message."""
    return "the SDK's package `tilebox`" if name == SDK else f"the standard library's `{name}`"


def shadowing_warnings(paths: Iterable[str]) -> list[Problem]:
    """A warning for each of `paths` that shadows another module."""
    return [
        Problem(f"this module shadows {shadowed_module(name)} in the worker", rename_hint(path), Location(path), code="TBX303")
        for name, path in sorted(shadowing_files(paths).items())
    ]


def rename_hint(path: str) -> str:
    """The hint for the file `path`, which shadows another module."""
    return f"rename {path.removesuffix('__init__.py')}, and change what imports it"
