"""All checks of the files of a release: the part of a build that runs no code of the project."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.selection.git_content import check_lfs_pointers
from hatch_tilebox.selection.leftovers import check_leftovers
from hatch_tilebox.selection.required_files import check_required_files
from hatch_tilebox.selection.secrets import search_secrets
from hatch_tilebox.selection.sizes import MAX_SIZE, check_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
) -> Iterator[tuple[Problem, ...]]:
    """Yield warnings about the selected files: those of the selection and about missing files, with the first of `check_files`.

    `contents` are the contents of some of the files by their paths, where they are already known.
    Raises SelectionError for what must not be released: secrets, too large a release, or one without its runner.
    """
    missing = check_required_files(config, files, skip)
    checks = check_files(files, max_size=options.max_size, allow_secrets=options.allow_secrets, contents=contents)
    yield (*files.warnings, *missing, *next(checks))
    yield from checks


def check_files(
    files: FileSet,
    *,
    max_size: int = MAX_SIZE,
    allow_secrets: Sequence[str] = (),
    contents: Mapping[str, bytes] | None = None,
) -> Iterator[tuple[Problem, ...]]:
    """Yield warnings about the selected files: first those of the quick checks, then those of each step of `search_secrets`.

    `max_size` is in bytes, `allow_secrets` are paths inside the release. `contents` are the contents of some of the files by their
    paths, where they are already known. Raises SelectionError with the problems of all checks together.
    """
    search = search_secrets(files, allow_secrets, contents)
    checks = (
        lambda: check_lfs_pointers(files, contents),
        lambda: check_leftovers(files),
        lambda: check_size(files, max_size=max_size),
    )
    found = [_outcome(check) for check in checks]
    if errors := [problem for _, errors in found for problem in errors]:
        _, secrets = _outcome(lambda: tuple(chain.from_iterable(search)))
        raise SelectionError(*secrets, *errors)
    yield tuple(problem for warnings, _ in found for problem in warnings)
    yield from search


def _outcome(check: Callable[[], tuple[Problem, ...]]) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return the warnings and the errors of a check."""
    try:
        return check(), ()
    except SelectionError as error:
        return (), error.problems
