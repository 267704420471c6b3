"""Modules of a project that shadow modules of the standard library or of the SDK.

`python -m` puts the working folder first on the path, so a module there is imported instead of another one with the same name.
Source: https://docs.python.org/3/library/sys_path_init.html
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.discovery.diagnose.context import Context

SDK = "tilebox"
LOADED_FIRST = frozenset({"_collections_abc", "_sitebuiltins", "abc", "codecs", "encodings", "io", "os", "site", "stat"})
"""Modules that every interpreter loads before the working folder is on its path, except built-in ones."""


def shadowing_files(paths: Iterable[str]) -> dict[str, str]:
    """The files among `paths`, relative to the root, that shadow a module of the standard library or the SDK: module to file."""
    names = (sys.stdlib_module_names | {SDK}) - LOADED_FIRST - {*sys.builtin_module_names}
    modules = {path.removesuffix(".py").removesuffix("/__init__"): path for path in paths if path.endswith(".py")}
    return {name: path for name, path in modules.items() if name in names}


def shadowing_warnings(paths: Iterable[str]) -> list[Problem]:
    """A warning for each of `paths` that shadows another module."""
    return [_problem(name, path) for name, path in sorted(shadowing_files(paths).items())]


def shadowed_import(context: Context, text: str, module: str | None = None) -> Problem | None:
    """The problem of a module of the project that shadows another one, if it causes the failure.

    It does if the traceback `text` names its file, or if the import of `module`, which it shadows, failed.
    """
    for name, path in shadowing_files(context.files.paths).items():
        blamed = name == (module or "").partition(".")[0] or re.search(rf"\b(?:module|from|named) '{re.escape(name)}[.']", text)
        if blamed or f'"{path}"' in text:
            return _problem(name, path, ", where the working folder is first on the path")
    return None


def _problem(name: str, path: str, reason: str = "") -> Problem:
    shadowed = "the SDK's package `tilebox`" if name == SDK else f"the standard library's `{name}`"
    hint = f"rename {path.removesuffix('__init__.py')}, and change what imports it"
    return Problem(f"this module shadows {shadowed} in the worker{reason}", hint, Location(path), code="TBX303")
