"""Find uv, and the PATH of uv and of the workflow's processes."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from hatch_tilebox.core.errors import DiscoveryError, Problem


def find_uv() -> Path | None:
    """The uv executable: from `UV` and `HATCH_UV` (set by uv and hatch for their children), PATH or the `uv` package; else None."""
    for variable in ("UV", "HATCH_UV"):
        if (named := os.environ.get(variable)) and Path(named).is_file():
            return Path(named)
    if found := shutil.which("uv"):
        return Path(found)
    try:
        from uv import find_uv_bin  # optional, and not needed if uv is on PATH
    except ImportError:
        return None
    try:
        return Path(find_uv_bin())
    except FileNotFoundError:
        return None


def require_uv() -> Path:
    """The uv executable. Raises DiscoveryError if there is none."""
    if uv := find_uv():
        return uv
    raise DiscoveryError(
        Problem(
            "uv is not found: looked at UV, HATCH_UV, PATH and the `uv` package of this interpreter",
            hint="install it with `pip install uv`, see https://docs.astral.sh/uv/getting-started/installation/, "
            "or let UV name the executable",
            code="TBX201",
        )
    )


def search_path() -> str:
    """PATH without the folders of the virtual environment that runs the build.

    The base interpreter of that environment comes last: uv uses it instead of downloading one, if no other interpreter fits.
    """
    environments = {os.environ.get("VIRTUAL_ENV")}
    if sys.prefix != sys.base_prefix:
        environments.add(sys.prefix)
    private = {Path(folder, part) for folder in environments if folder for part in ("bin", "Scripts")}
    given = os.environ.get("PATH", "").split(os.pathsep)
    private |= {path for part in given if _is_overlay(path := Path(part))}
    kept = [part for part in given if part and Path(part) not in private]
    base = str(Path(sys._base_executable).parent)  # type: ignore[attr-defined]  # noqa: SLF001 -- as in venv itself
    return os.pathsep.join(kept if base in kept else [*kept, base])


def _is_overlay(folder: Path) -> bool:
    """Whether pip created `folder` for an isolated build: it contains scripts of build tools, and is removed after the build."""
    return any(part.startswith("pip-build-env-") for part in folder.parts)
