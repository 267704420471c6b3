"""Finding uv, and the folders that it and the workflow's processes look for programs in."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from hatch_tilebox.core.errors import DiscoveryError, Problem

__all__ = ["find_uv", "require_uv", "search_path"]


def find_uv() -> Path | None:
    """The uv executable: `UV` and `HATCH_UV` (set by uv and hatch for what they start), PATH, then the `uv` package; else None."""
    for variable in ("UV", "HATCH_UV"):
        if (named := os.environ.get(variable)) and Path(named).is_file():
            return Path(named)
    if found := shutil.which("uv"):
        return Path(found)
    try:
        from uv import find_uv_bin
    except ImportError:
        return None
    try:
        return Path(find_uv_bin())
    except FileNotFoundError:
        return None


def require_uv() -> Path:
    """The uv executable. Raises DiscoveryError, saying how to get it, where there is none."""
    if uv := find_uv():
        return uv
    raise DiscoveryError(
        Problem(
            "uv is not found: looked at UV, HATCH_UV, PATH and the `uv` package of this interpreter",
            hint="install it with `pip install uv`, see https://docs.astral.sh/uv/getting-started/installation/, "
            "or let UV name the executable",
        )
    )


def search_path() -> str:
    """PATH without the folders of the interpreter that runs the build where that one is a virtual environment.

    The interpreter that such an environment stands on comes last: uv takes it rather than download one, if nothing else fits.
    """
    environments = {os.environ.get("VIRTUAL_ENV")}
    if sys.prefix != sys.base_prefix:
        environments.add(sys.prefix)
    private = {Path(folder, part) for folder in environments if folder for part in ("bin", "Scripts")}
    given = os.environ.get("PATH", "").split(os.pathsep)
    private |= {path for part in given if _is_overlay(path := Path(part))}
    kept = [part for part in given if part and Path(part) not in private]
    base = str(Path(sys._base_executable).parent)  # type: ignore[attr-defined]  # noqa: SLF001 -- venv itself asks no other way
    return os.pathsep.join(kept if base in kept else [*kept, base])


def _is_overlay(folder: Path) -> bool:
    """Whether pip made `folder` for an isolated build: it holds scripts of build tools, and is gone after the build."""
    return any(part.startswith("pip-build-env-") for part in folder.parts)
