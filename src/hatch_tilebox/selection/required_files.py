"""Files that a release needs: the runner's module and `pyproject.toml`. Discovery reports a missing `uv.lock`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import PYPROJECT_NAME
from hatch_tilebox.core.errors import Fix, Problem, SelectionError
from hatch_tilebox.core.modules import module_files
from hatch_tilebox.core.suggestions import include_hint

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.core.model import FileSet


def check_required_files(config: WorkflowConfig, files: FileSet, skip: Collection[Path] = ()) -> tuple[Problem, ...]:
    """Return warnings about files that a release should contain and `files` does not. `skip` is that of `select_release`.

    A module of the runner that is not a file of the project may come from a dependency; starting the runner shows that.

    Raises SelectionError where the module's file, or with a runner `pyproject.toml`, exists but is not selected: no release starts
    without them.
    """
    selected = files.paths
    errors: list[Problem] = []
    warnings: list[Problem] = []

    def left_out(path: str, subject: str, line: str, location: Location | None = None) -> Problem:
        from hatch_tilebox.selection.explain import explain_release

        found = explain_release(config, path, skip=skip)
        place = f" ({found.location})" if found.rule and found.location else ""
        hint = "change that rule" if found.rule else include_hint(line)
        fix = Fix.include(line) if explain_release(config, path, pattern=line, skip=skip).selected else None
        return Problem(f"{subject}: {found.reason}{place}", hint, location, code="TBX104", fix=fix)

    if config.workflow.runner is not None:
        module = config.workflow.runner.partition(":")[0]
        path = _module_file(files.root, module, selected)
        if path is not None and path not in selected:
            subject = f"the runner's module {module} is {path}, which is not selected"
            errors.append(left_out(path, subject, _include_line(path), config.location("workflow.runner")))
    effect = "the runner gets no environment"
    if files.left_out(PYPROJECT_NAME):
        problem = left_out(PYPROJECT_NAME, f"{PYPROJECT_NAME} is not selected, so {effect}", PYPROJECT_NAME)
        (errors if config.workflow.runner else warnings).append(problem)
    elif PYPROJECT_NAME not in selected:
        warnings.append(Problem(f"there is no {PYPROJECT_NAME} in {files.root}: {effect}", code="TBX104"))
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
