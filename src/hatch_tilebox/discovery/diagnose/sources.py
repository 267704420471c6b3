"""Check the sources of a release's dependencies: the lock, and folders and files that the release may lack.

Source: https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources, and of workspaces
https://docs.astral.sh/uv/concepts/projects/workspaces/
"""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from pathlib import Path, PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import Fix, Location, Problem
from hatch_tilebox.core.identifiers import requirement_name
from hatch_tilebox.core.pyproject import peek_pyproject, texts
from hatch_tilebox.core.suggestions import include_hint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.core.pyproject import Pyproject

PYPROJECT = Location("pyproject.toml")
ONLY_HERE = "on this machine only"
WAYS = "put its wheel into the release, publish it as a package, or take it from Git"
VENDOR = f"`vendor = true` {OPTIONS_PLACE}"
WAYS_OF_FOLDERS = f"put its wheel into the release with {VENDOR}, publish it as a package, or take it from Git"


def sources_left_out(files: FileSet) -> dict[str, Problem]:
    """Problems of dependencies whose source the release does not contain, by normalized name.

    Only dependencies count that a release runner installs and that have a source in `[tool.uv.sources]` or a direct reference.
    """
    pyproject = peek_pyproject(files.root, allow_mark=True)
    problems = dict(_direct_references(pyproject))
    for name in sorted((pyproject.dependency_names | pyproject.development_names) & pyproject.sources.keys()):
        found = (_problem(name, choice, files, pyproject) for choice in pyproject.sources[name])
        problem = next(filter(None, found), None)
        if problem is not None:
            problems[name] = problem
    return problems


def _direct_references(pyproject: Pyproject) -> Iterator[tuple[str, Problem]]:
    """Dependencies that are a file on this machine: `common @ file:///home/…`."""
    for text in pyproject.dependencies:
        url = text.partition("@")[2].strip()
        if re.match(r"(git\+)?file:", url, re.IGNORECASE) and (name := requirement_name(text)):
            yield name, only_here(name, url.partition(";")[0].strip(), PYPROJECT)


def only_here(names: str, written: str, location: Location, ways: str = WAYS) -> Problem:
    """The problem of packages whose source is on this machine. `ways` is the hint."""
    return Problem(
        f"{names} comes from {written}, which is {ONLY_HERE}: a release cannot include it", ways, location, code="TBX203"
    )


def misplaced(
    names: str, written: str, root: Path, location: Location, *, ways: str = WAYS_OF_FOLDERS, rewrite: str, origin: str = ""
) -> Problem | None:
    """The problem of packages whose source, a path, a release runner cannot find. None for a relative path below `root`.

    `rewrite` is the hint for an absolute path below it, with `{}` for the relative one. `origin` says where the path is set.
    """
    place = Path(os.path.normpath(root / written))
    if Path(written).is_absolute() or PureWindowsPath(written).drive:
        if not place.is_relative_to(root):
            return only_here(names, f"{written}{origin}", location, ways)
        message = f"{names} comes from {written}{origin}, an absolute path, which is {ONLY_HERE}"
        return Problem(message, rewrite.format(place.relative_to(root).as_posix()), location, code="TBX203")
    if place.is_relative_to(root):
        return None
    message = f"{names} comes from {written}, which is outside the root of the workflow: a release cannot include it"
    return Problem(message, ways, location, code="TBX203")


def lock_missing(files: FileSet) -> Problem:
    """The problem that `uv.lock` is not among the selected files."""
    consequence = "a release runner takes the versions that are newest then, so the release cannot be reproduced"
    if files.left_out("uv.lock"):
        message, fix = f"uv.lock is not among the selected files: {consequence}", Fix.include("uv.lock")
        return Problem(message, include_hint("uv.lock"), code="TBX032", fix=fix)
    return Problem(
        f"there is no uv.lock: {consequence}",
        f"{how_to_lock(files.root)}, and {include_hint('uv.lock')}",
        code="TBX032",
        fix=None if workspace_around(files.root) else Fix("lock"),
    )


def how_to_lock(root: Path) -> str:
    """The hint that explains how the project in the folder `root` gets its own lock."""
    workspace = workspace_around(root)
    if workspace is None:
        return "create one with `uv lock`"
    excluded = f'exclude = ["{root.relative_to(workspace).as_posix()}"]'
    return (
        f"set {VENDOR}, which gives the release its own lock;\n"
        f"or leave the project out of the uv workspace around it: {excluded} under [tool.uv.workspace] in its pyproject.toml,\n"
        "then create one with `uv lock`"
    )


def workspace_around(root: Path) -> Path | None:
    """The root of the uv workspace that has the folder `root`, which may not exist yet, as a member; None without one."""
    for folder in root.parents:
        workspace = peek_pyproject(folder, allow_mark=True).workspace
        if workspace:
            return folder if _is_member(root.relative_to(folder), workspace) else None
    return None


def _is_member(path: PurePath, workspace: Mapping[str, Any]) -> bool:
    """Whether the workspace includes the folder `path`, which is relative to its root."""
    included, excluded = (any(_matches(path, glob) for glob in _globs(workspace, key)) for key in ("members", "exclude"))
    return included and not excluded


def _matches(path: PurePath, glob: str) -> bool:
    if "**" in glob:
        return fnmatchcase(path.as_posix(), glob)
    return len(path.parts) == len(PurePath(glob).parts) and path.match(glob)


def _problem(name: str, source: Mapping[str, Any], files: FileSet, pyproject: Pyproject) -> Problem | None:
    if source.get("workspace") is True:
        workspace = pyproject.workspace
        if not workspace:
            message = f"{name} comes from the uv workspace around the project, which is not part of the release"
            return Problem(message, WAYS_OF_FOLDERS, PYPROJECT, code="TBX203")
        for folder in (file.parent for glob in _globs(workspace, "members") for file in files.root.glob(f"{glob}/pyproject.toml")):
            inside = folder.relative_to(files.root)
            if _is_member(inside, workspace) and peek_pyproject(folder, allow_mark=True).name == name:
                return _unless_selected(name, inside.as_posix(), files)
        return None
    git = source.get("git")
    if isinstance(git, str) and (git.startswith("file:") or Path(git).is_absolute()):
        return only_here(name, git, PYPROJECT)
    path = source.get("path")
    return _unless_selected(name, path, files) if isinstance(path, str) else None


def _unless_selected(name: str, written: str, files: FileSet) -> Problem | None:
    if problem := misplaced(name, written, files.root, PYPROJECT, rewrite='write "{}" instead'):
        return problem
    path = Path(os.path.normpath(files.root / written)).relative_to(files.root).as_posix()
    if {path, f"{path}/pyproject.toml", f"{path}/setup.py"} & files.paths:
        return None
    pattern = f"{path}/**" if (files.root / path).is_dir() else path
    return not_selected(name, path, pattern, PYPROJECT)


def not_selected(name: str, path: str, pattern: str, location: Location) -> Problem:
    """The problem of a package whose files at `path` are not selected, and that `pattern` includes."""
    message = f"{name} comes from {path}, which is not among the selected files"
    return Problem(message, include_hint(pattern), location, code="TBX204", fix=Fix.include(pattern))


def _globs(workspace: Mapping[str, Any], key: str) -> list[str]:
    """The relative globs of a workspace. uv refuses other values."""
    return [text for text in texts(workspace.get(key)) if text[:1] not in {"", "/"}]
