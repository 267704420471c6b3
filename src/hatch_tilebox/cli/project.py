"""The project that a command works on, found without a build frontend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.standalone import open_project, read_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.progress import Progress
    from hatch_tilebox.release import Release

__all__ = ["build_here", "open_project", "read_metadata"]


def build_here(start: Path, out: Path | None, progress: Progress) -> Release:
    """Build the release of the project that `start` lies in, with the options that its `pyproject.toml` gives a build.

    The release goes to `out`, or else to `dist` in the project. Raises a `TileboxError` for whatever the user can mend.
    """
    project = open_project(start, out)
    return project.build(project.root / "dist", progress)
