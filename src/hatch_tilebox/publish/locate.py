"""Finds the archive to publish among the files and folders that the user named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from hatch_tilebox.archive.reader import read_manifest
from hatch_tilebox.core.constants import RELEASE_SUFFIX
from hatch_tilebox.core.errors import ArchiveError, Problem, PublishError
from hatch_tilebox.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import Project

_BUILD = "hatch build -t tilebox, or hatch-tilebox build, creates one"


def find_release(places: Sequence[Path], project: Project | None) -> Path:
    """Return the one archive in `places`, which are files or folders. In folders, only the version of `project` counts.

    Raises PublishError if there are none or several, with a list of the archives that were found.
    """
    found: list[Path] = []
    others: list[Path] = []
    for place in places:
        if place.is_dir():
            for path in sorted(place.glob(f"*{RELEASE_SUFFIX}")):
                (found if project is None or _is_of(path, project) else others).append(path)
        elif place.name.endswith(RELEASE_SUFFIX):
            found.append(place)
    if len(found) == 1:
        return found[0]
    where = ", ".join(map(str, places))
    of = f" of {project.name} {project.version}" if project else ""
    if found:
        raise PublishError(
            Problem(f"several releases{of} in {where}", hint=f"name the one to publish:\n{_lines(found)}", code="TBX504")
        )
    if others:
        hint = f"build the current version: {_BUILD}; or name one of these:\n{_lines(others)}"
        raise PublishError(Problem(f"no release{of} in {where}", hint=hint, code="TBX503"))
    raise PublishError(Problem(f"no release{of} in {where}", hint=_BUILD, code="TBX503"))


def has_release(folder: Path, project: Project) -> bool:
    """Whether the folder has a release of the version of `project`."""
    return any(_is_of(path, project) for path in folder.glob(f"*{RELEASE_SUFFIX}"))


def _is_of(path: Path, project: Project) -> bool:
    try:
        found = read_manifest(path).project
    except ArchiveError:
        return False
    return (canonicalize_name(found.name), found.version) == (canonicalize_name(project.name), project.version)


def _lines(paths: Sequence[Path]) -> str:
    return "\n".join(f"  {printable(str(path))}" for path in paths)
