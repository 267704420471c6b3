"""What goes into a release, and whether it should: the part of a build that needs no user code.

Apart from `release.py`, for an sdist asks for the files and must not pay for runtimes and compression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from hatch_tilebox.core.config import BuildOptions, WorkflowConfig
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.model import FileSet

__all__ = ["check_selection", "select_release"]


def select_release(config: WorkflowConfig, *, skip: Collection[Path] = ()) -> FileSet:
    """The files of the release that `config` describes. `skip` names absolute output folders, which are never part of it.

    Raises SelectionError. Needs neither user code nor the workflow's environment.
    """
    return select_files(config.root, config.include, config.exclude, use_gitignore=config.use_gitignore, skip=skip)


def check_selection(
    config: WorkflowConfig,
    files: FileSet,
    options: BuildOptions,
    *,
    skip: Collection[Path] = (),
    contents: Mapping[str, bytes] | None = None,
) -> tuple[Problem, ...]:
    """Everything doubtful about the selected files: what a release should hold and they lack, what is large, what is not seen.

    `contents` are those of some of the files by their paths, where they are known already.
    Raises SelectionError for what must not be released: secrets, too much, or a selection that its runner is not part of.
    """
    from hatch_tilebox.selection.checks import check_files
    from hatch_tilebox.selection.expected import check_expected

    runner = config.workflow.runner
    expected = check_expected(
        files,
        runner.partition(":")[0] if runner else None,
        config.include,
        config.exclude,
        use_gitignore=config.use_gitignore,
        skip=skip,
        location=config.location("workflow.runner"),
    )
    checked = check_files(files, max_size=options.max_size, allow_secrets=options.allow_secrets, contents=contents)
    return (*files.warnings, *expected, *checked)
