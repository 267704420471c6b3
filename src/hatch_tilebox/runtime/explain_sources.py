"""Where a release has its dependencies from: a lock, and folders and files that it may not hold.

Source: https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources, and of workspaces
https://docs.astral.sh/uv/concepts/projects/workspaces/
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.errors import Location, Problem
from hatch_tilebox.runtime.explain import development_only, include_hint, normalize, table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.model import FileSet

__all__ = ["lock_missing", "sources_left_out"]

PYPROJECT = Location("pyproject.toml")
_WAYS = "put its wheel into the release, publish it as a package, or take it from Git"


def sources_left_out(files: FileSet) -> dict[str, Problem]:
    """By their normalized names, the dependencies of the project that it takes from where the release has nothing.

    Only those that a release runner installs count, and only where `[tool.uv.sources]` itself says where they are.
    """
    pyproject = _read(files.root)
    development, own = development_only(pyproject)
    sources = {normalize(name): source for name, source in table(pyproject, "tool", "uv", "sources").items()}
    problems = {}
    for name in sorted({*development, *own} & sources.keys()):
        choices = sources[name] if isinstance(sources[name], list) else [sources[name]]
        found = (_problem(name, choice, files, pyproject) for choice in choices if isinstance(choice, dict))
        problem = next(filter(None, found), None)
        if problem is not None:
            problems[name] = problem
    return problems


def lock_missing(files: FileSet) -> Problem:
    """No `uv.lock` among the selected files."""
    consequence = "a release runner takes whatever versions are newest then, so the release cannot be reproduced"
    if (files.root / "uv.lock").is_file():
        return Problem(f"uv.lock is not among the selected files: {consequence}", include_hint("uv.lock"))
    hint = f"make one with `uv lock`, and {include_hint('uv.lock')}"
    workspace = _workspace_around(files.root)
    if workspace is not None:
        path = files.root.relative_to(workspace).as_posix()
        hint = f'leave the project out of the uv workspace around it: exclude = ["{path}"] under [tool.uv.workspace];\nthen {hint}'
    return Problem(f"there is no uv.lock: {consequence}", hint)


def _workspace_around(root: Path) -> Path | None:
    """The root of the uv workspace of which the project in the folder `root` is a member, None where there is none."""
    for folder in root.parents:
        workspace = table(_read(folder), "tool", "uv", "workspace")
        if workspace:
            return folder if root in _members(folder, workspace) else None
    return None


def _problem(name: str, source: Mapping[str, Any], files: FileSet, pyproject: Mapping[str, Any]) -> Problem | None:
    if source.get("workspace") is True:
        workspace = table(pyproject, "tool", "uv", "workspace")
        if not workspace:
            message = f"{name} comes from the uv workspace around the project, which is no part of the release"
            return Problem(message, _WAYS, PYPROJECT)
        folder = next((path for path in _members(files.root, workspace) if _name(path) == name), None)
        return _unless_selected(name, str(folder), files) if folder else None
    path = source.get("path")
    return _unless_selected(name, path, files) if isinstance(path, str) else None


def _unless_selected(name: str, written: str, files: FileSet) -> Problem | None:
    place = Path(os.path.normpath(files.root / written))
    if not place.is_relative_to(files.root):
        message = f"{name} comes from {written}, which is outside the root of the workflow: no release reaches there"
        return Problem(message, _WAYS, PYPROJECT)
    path = place.relative_to(files.root).as_posix()
    if {path, f"{path}/pyproject.toml", f"{path}/setup.py"} & {file.path for file in files.files}:
        return None
    pattern = f"{path}/**" if place.is_dir() else path
    return Problem(f"{name} comes from {path}, which is not among the selected files", include_hint(pattern), PYPROJECT)


def _members(root: Path, workspace: Mapping[str, Any]) -> list[Path]:
    try:
        excluded = {path for glob in workspace.get("exclude", ()) for path in root.glob(glob)}
        members = [path for glob in workspace.get("members", ()) for path in sorted(root.glob(glob))]
    except (NotImplementedError, TypeError, ValueError):  # what uv refuses too, with better words
        return []
    return [path for path in members if path not in excluded]


def _name(folder: Path) -> str:
    return normalize(str(table(_read(folder), "project").get("name", "")))


def _read(folder: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
