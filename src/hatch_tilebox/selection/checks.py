"""All checks of the selected files in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.selection.secrets import check_secrets
from hatch_tilebox.selection.sizes import MAX_SIZE, check_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.model import FileSet

__all__ = ["check_files"]


def check_files(
    files: FileSet,
    *,
    max_size: int = MAX_SIZE,
    allow_secrets: Sequence[str] = (),
    contents: Mapping[str, bytes] | None = None,
) -> tuple[Problem, ...]:
    """Warnings about what makes a release large or leaks. `max_size` is in bytes, `allow_secrets` paths inside the release.

    `contents` are those of some of the files by their paths, where they are known already.
    Raises SelectionError, with the problems of all checks together, for what must not be released.
    """
    warnings: list[Problem] = []
    errors: list[Problem] = []

    def run(check: Callable[[], tuple[Problem, ...]]) -> None:
        try:
            warnings.extend(check())
        except SelectionError as error:
            errors.extend(error.problems)

    run(lambda: check_secrets(files, allow_secrets, contents))
    run(lambda: check_size(files, max_size=max_size))
    if errors:
        raise SelectionError(*errors)
    return tuple(warnings)
