"""Files that a release needs: the runner's module and `pyproject.toml`. Discovery reports a missing `uv.lock`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import Fix, Problem, SelectionError
from hatch_tilebox.core.modules import module_files
from hatch_tilebox.core.workflow import Pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.core.model import FileSet

_PROJECT_FILE = "pyproject.toml"


def check_required_files(
    files: FileSet,
    module: str | None,
    include: Sequence[Pattern],
    exclude: Sequence[Pattern] = (),
    *,
    use_gitignore: bool = True,
    skip: Collection[Path] = (),
    location: Location | None = None,
) -> tuple[Problem, ...]:
    """Return warnings about files that a release should contain and `files` does not; other arguments as in `select_files`.

    `module` is the runner's ("pkg.runner" of "pkg.runner:runner"), None with a worker command; `location` is its place in the
    configuration. A module that is not a file of the project may come from a dependency; starting the runner shows that.

    Raises SelectionError where the module's file, or with a runner `pyproject.toml`, exists but is not selected: no release starts
    without them.
    """
    selected = {file.path for file in files.files}
    errors: list[Problem] = []
    warnings: list[Problem] = []

    def left_out(path: str, subject: str, line: str, suffix: str = "", location: Location | None = None) -> Problem:
        from hatch_tilebox.selection.explain import explain

        explanation = explain(files.root, include, exclude, path, use_gitignore=use_gitignore, skip=skip)
        place = f" ({explanation.location})" if explanation.rule and explanation.location else ""
        hint = "change that rule" if explanation.rule else f'add "{line}" to [build] include in {CONFIG_NAME}'
        wider = explain(files.root, [*include, Pattern(line)], exclude, path, use_gitignore=use_gitignore, skip=skip)
        fix = Fix.include(line) if wider.selected else None
        return Problem(f"{subject} is not selected{suffix}: {explanation.reason}{place}", hint, location, code="TBX104", fix=fix)

    if module is not None:
        path = _module_file(files.root, module, selected)
        if path is not None and path not in selected:
            subject = f"the runner's module {module} is {path}, which"
            errors.append(left_out(path, subject, _include_line(path), location=location))
    if _PROJECT_FILE not in selected:
        effect = "the runner gets no environment"
        if not os.path.isfile(os.path.join(files.root, _PROJECT_FILE)):
            warnings.append(Problem(f"there is no {_PROJECT_FILE} in {files.root}: {effect}", code="TBX104"))
        else:
            problem = left_out(_PROJECT_FILE, _PROJECT_FILE, _PROJECT_FILE, f", so {effect}")
            (warnings if module is None else errors).append(problem)
    if errors:
        raise SelectionError(*errors)
    return tuple(warnings)


def _module_file(root: Path, module: str, selected: Collection[str]) -> str | None:
    """Return the path of the module in the project, preferably a selected one; None where it is not found."""
    existing = [path for path in module_files(module) if os.path.isfile(os.path.join(root, path))]
    return next((path for path in existing if path in selected), existing[0] if existing else None)


def _include_line(path: str) -> str:
    """Return the pattern for the module's whole package, or for the file where it is not in one."""
    parts = path.split("/")
    depth = 2 if parts[0] == "src" else 1
    return f"{'/'.join(parts[:depth])}/**" if len(parts) > depth else path
