"""The program that has started a build."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HATCH_BUILDS = "hatch-build"
"""The environment in which hatch builds."""


def frontend_of(root: Path, environ: Mapping[str, str], arguments: Sequence[str] = sys.argv) -> str | None:
    """Return the name of the build frontend that has started this process to build the project in `root`; None if it is unknown.

    Each frontend is known by what it does for this one process. Variables that a process inherits from a frontend far above it do
    not count. `pyproject-hooks` is the library of `python -m build`, which other frontends use too.
    """
    script = Path(arguments[0]) if arguments else Path()
    hooks = script.name == "_in_process.py"
    if script.name == "-c" and (folder := environ.get("UV_INTERNAL__BUILD_DIR")) and Path(folder).resolve() == root.resolve():
        return "uv"
    if hooks and {"pip", "_vendor"} <= {*script.parts}:
        return "pip"
    if environ.get("HATCH_ENV_ACTIVE") == _HATCH_BUILDS and not hooks:
        return "hatch"
    if hooks and "pyproject_hooks" in script.parts:
        return "pyproject-hooks"
    if script.stem == "hatchling" or script.parts[-2:] == ("hatchling", "__main__.py"):
        return "hatchling"
    return None
