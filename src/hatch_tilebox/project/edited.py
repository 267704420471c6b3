"""The release that a build of an edited project will likely make, so that a task can be tried before that build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.core.constants import LOCK_NAME, PYPROJECT_NAME, UV_FILES
from hatch_tilebox.core.model import ReleaseManifest
from hatch_tilebox.project.open import open_project

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from hatch_tilebox.core.model import FileEntry, FileSet

_CONFIGURING = frozenset({PYPROJECT_NAME, LOCK_NAME, *UV_FILES})


def edited_release(root: Path, built: ReleaseManifest) -> tuple[FileSet, ReleaseManifest] | None:
    """Return the files that a build of the project in `root` would select now, and their manifest with the tasks of `built`.

    None if more was edited since `built` than code and data, or the build generates files. Raises a `TileboxError` if the project
    cannot be built.
    """
    project = open_project(root, run_code=False)
    if project.options.vendor or project.config.workflow != built.workflow:
        return None
    files = project.select(project.root / "dist")
    entries = hash_files(files)
    if _configuration(entries) != _configuration(built.files):
        return None
    return files, ReleaseManifest.of(built.workflow, built.project, built.tasks, entries, built.environment)


def _configuration(entries: Iterable[FileEntry]) -> dict[str, str]:
    """Return the digests of the files that the environment is made from."""
    return {entry.path: entry.sha256 for entry in entries if entry.path in _CONFIGURING}
