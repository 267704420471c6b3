"""All checks of the files of a release: the part of a build that runs no code of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.selection.git_content import check_lfs_pointers
from hatch_tilebox.selection.leftovers import check_leftovers
from hatch_tilebox.selection.required_files import check_required_files
from hatch_tilebox.selection.secrets import check_secrets
from hatch_tilebox.selection.sizes import MAX_SIZE, check_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.config import BuildOptions, WorkflowConfig
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.model import FileSet


def check_selection(
    config: WorkflowConfig,
    files: FileSet,
    options: BuildOptions,
    *,
    skip: Collection[Path] = (),
    contents: Mapping[str, bytes] | None = None,
) -> tuple[Problem, ...]:
    """Return warnings about the selected files: those of the selection, missing files, and those of `check_files`.

    `contents` are the contents of some of the files by their paths, where they are already known.
    Raises SelectionError for what must not be released: secrets, too large a release, or one without its runner.
    """
    missing = check_required_files(config, files, skip)
    checked = check_files(files, max_size=options.max_size, allow_secrets=options.allow_secrets, contents=contents)
    return (*files.warnings, *missing, *checked)


def check_files(
    files: FileSet,
    *,
    max_size: int = MAX_SIZE,
    allow_secrets: Sequence[str] = (),
    contents: Mapping[str, bytes] | None = None,
) -> tuple[Problem, ...]:
    """Return warnings about the selected files. `max_size` is in bytes, `allow_secrets` are paths inside the release.

    `contents` are the contents of some of the files by their paths, where they are already known.
    Raises SelectionError with the problems of all checks together.
    """
    warnings: list[Problem] = []
    errors: list[Problem] = []

    def run(check: Callable[[], tuple[Problem, ...]]) -> None:
        try:
            warnings.extend(check())
        except SelectionError as error:
            errors.extend(error.problems)

    run(lambda: check_secrets(files, allow_secrets, contents))
    run(lambda: check_lfs_pointers(files, contents))
    run(lambda: check_leftovers(files))
    run(lambda: check_size(files, max_size=max_size))
    if errors:
        raise SelectionError(*errors)
    return tuple(warnings)
