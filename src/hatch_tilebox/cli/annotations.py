"""Errors and warnings in the formats of code hosting services, which show them at the lines of a pull request."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.cli.output import show_json, show_line
from hatch_tilebox.core.constants import PYPROJECT_NAME
from hatch_tilebox.core.diagnostics import find_file
from hatch_tilebox.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.errors import Location, Problem

_ROOTS = {"github": "GITHUB_WORKSPACE", "gitlab": "CI_PROJECT_DIR"}
"""The variables with the root of the repository, to which paths are relative."""


class CollectedWarnings(RichProgress):
    """Shows steps, and keeps `warnings` for the annotations instead of showing them."""

    def __init__(self, verbosity: int) -> None:
        super().__init__(verbosity)
        self.warnings: list[Problem] = []

    def warning(self, problem: Problem) -> None:
        self.warnings.append(problem)


def show_annotations(output_format: str, errors: Sequence[Problem], warnings: Sequence[Problem]) -> None:
    """Print the problems on stdout, for "github" or "gitlab"."""
    found = [("error", problem) for problem in errors] + [("warning", problem) for problem in warnings]
    root = Path(os.environ.get(_ROOTS[output_format]) or Path.cwd())
    if output_format == "gitlab":
        show_json(_code_quality(found, root))
        return
    for level, problem in found:
        show_line(_workflow_command(level, problem, root))


def _workflow_command(level: str, problem: Problem, root: Path) -> str:
    """Return a workflow command of GitHub.

    Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
    """
    shown = problem.shown
    place = problem.location
    values = {"file": _path(place, root), "line": place.line, "col": place.column} if place else {}
    values["title"] = problem.code
    properties = ",".join(f"{name}={_escape(str(value), ':,')}" for name, value in values.items() if value)
    text = shown.message + (f"\nhelp: {shown.hint}" if shown.hint else "")
    return f"::{level} {properties}::{_escape(text)}"


def _escape(text: str, more: str = "") -> str:
    """Return `text` with the characters escaped that end a command or, with `more`, a property of it."""
    return "".join(f"%{ord(character):02X}" if character in f"%\r\n{more}" else character for character in text)


def _code_quality(found: Sequence[tuple[str, Problem]], root: Path) -> list[dict[str, Any]]:
    """Return a Code Quality report of GitLab, in which every finding needs a file and a line.

    Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    seen: Counter[str] = Counter()
    report = []
    for level, problem in found:
        shown = problem.shown
        path = _path(problem.location, root) if problem.location else PYPROJECT_NAME
        text = shown.message + (f"; {shown.hint}" if shown.hint else "")
        # Without the line, so that the finding stays the same when the file changes above it.
        key = f"{problem.code}\0{path}\0{shown.message}"
        seen[key] += 1
        report.append(
            {
                "description": text,
                "check_name": problem.code,
                "fingerprint": hashlib.sha256(f"{key}\0{seen[key]}".encode(errors="replace")).hexdigest(),
                "severity": "major" if level == "error" else "minor",
                "location": {"path": path, "lines": {"begin": max(problem.location.line, 1) if problem.location else 1}},
            }
        )
    return report


def _path(place: Location, root: Path) -> str:
    """Return the path of a file, relative to the root of the repository if it is in it."""
    path = find_file(place)
    if path is None:
        return printable(place.path)
    full = path.resolve()
    inside = full.is_relative_to(root.resolve())
    return printable((full.relative_to(root.resolve()) if inside else full).as_posix())
