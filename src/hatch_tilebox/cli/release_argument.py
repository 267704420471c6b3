"""The release that a command works on: a file, or that of the project in the current folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    from hatch_tilebox.core.progress import Progress

    Command = TypeVar("Command", bound=Callable[..., Any])


def release_argument(command: Command) -> Command:
    """Add the optional argument `file`: see `named_or_project`."""
    return click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)(command)


def named_or_project(file: Path | None, progress: Progress, variables: Sequence[str] = ()) -> Path:
    """Return `file`, or else the release of the project in the current folder, built if it is missing or out of date.

    `variables` are those of a build. Raises TileboxError if there is no project, or it cannot be built.
    """
    if file is not None:
        return file
    from hatch_tilebox.project.find import find_project
    from hatch_tilebox.project.releases import fresh_release

    return fresh_release(find_project(Path.cwd()), progress, variables)
