"""What a release can hardly do without: the runner's module and `pyproject.toml`. Of `uv.lock`, the runtime tells."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.selection.explain import explain

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.core.model import FileSet, Pattern

__all__ = ["check_expected"]

PROJECT_FILE = "pyproject.toml"
_SOURCE_FOLDERS = ("", "src/")


def check_expected(
    files: FileSet,
    module: str | None,
    include: Sequence[Pattern],
    exclude: Sequence[Pattern] = (),
    *,
    use_gitignore: bool = True,
    skip: Collection[Path] = (),
    location: Location | None = None,
) -> tuple[Problem, ...]:
    """Warnings about files that a release should hold and `files` does not; the other arguments are those of `select_files`.

    `module` is the runner's ("pkg.runner" of "pkg.runner:runner"), None with a worker command; `location` is where it is written.
    Raises SelectionError where the module's file, or with a runner `pyproject.toml`, is in the project but not selected: no release
    can start without them. A module that is no file of the project may come from a dependency, which is for its start-up to tell.
    """
    selected = {file.path for file in files.files}
    errors: list[Problem] = []
    warnings: list[Problem] = []

    def left_out(path: str) -> str:
        explanation = explain(files.root, include, exclude, path, use_gitignore=use_gitignore, skip=skip)
        return explanation.reason + (f" ({explanation.location})" if explanation.rule and explanation.location else "")

    def way_out(path: str, line: str) -> str:
        kept_out = explain(files.root, include, exclude, path, use_gitignore=use_gitignore, skip=skip).rule is not None
        return "change that rule" if kept_out else f'add "{line}" to [build] include'

    if module is not None:
        path = _module_file(files.root, module, selected)
        if path is not None and path not in selected:
            message = f"the runner's module {module} is {path}, which is not selected: {left_out(path)}"
            errors.append(Problem(message, way_out(path, _include_line(path)), location))
    if PROJECT_FILE not in selected:
        lack = "the runner gets no environment"
        if not os.path.isfile(os.path.join(files.root, PROJECT_FILE)):
            warnings.append(Problem(f"there is no {PROJECT_FILE} in {files.root}: {lack}"))
        else:
            message = f"{PROJECT_FILE} is not selected, so {lack}: {left_out(PROJECT_FILE)}"
            (warnings if module is None else errors).append(Problem(message, way_out(PROJECT_FILE, PROJECT_FILE)))
    if errors:
        raise SelectionError(*errors)
    return tuple(warnings)


def _module_file(root: Path, module: str, selected: Collection[str]) -> str | None:
    """The path of the module in the project, one that is selected before others; None where it is not found."""
    base = module.replace(".", "/")
    candidates = [f"{folder}{base}{end}" for folder in _SOURCE_FOLDERS for end in (".py", "/__init__.py")]
    existing = [path for path in candidates if os.path.isfile(os.path.join(root, path))]
    return next((path for path in existing if path in selected), existing[0] if existing else None)


def _include_line(path: str) -> str:
    """The pattern that takes the module with what stands beside it: its whole package, or the lone file."""
    parts = path.split("/")
    depth = 2 if parts[0] == "src" else 1
    return f"{'/'.join(parts[:depth])}/**" if len(parts) > depth else path
