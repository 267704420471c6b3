"""What a command with `--all` did with each project, as a table and as JSON."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.cli.console import show_table
from hatch_tilebox.cli.output import show_json, show_line
from hatch_tilebox.core.tables import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.cli.side_by_side import JobResult
    from hatch_tilebox.project.collisions import RepositoryProject

_RESULTS = ("succeeded", "failed", "interrupted", "not-tried")
_COLUMNS = ("Project", Column("Version", drop=2), "Result", Column("Details", drop=1))


@dataclass(frozen=True)
class Outcome:
    """What the command did with a project. `result` is "succeeded", "failed", "interrupted" or "not-tried".

    `report` is what the command prints for this project with `--json`, and `errors` are its problems as JSON values.
    """

    project: RepositoryProject
    result: str = "not-tried"
    exit_code: int = 0
    seconds: float = 0.0
    report: dict[str, Any] | None = None
    errors: tuple[dict[str, Any], ...] = ()

    def after(self, job: JobResult) -> Outcome:
        """Return the outcome after a job of the project has ended."""
        result = "interrupted" if job.exit_code is None else "failed" if job.exit_code else "succeeded"
        seconds = self.seconds + job.seconds
        return replace(self, result=result, exit_code=job.exit_code or 0, seconds=seconds, report=job.report, errors=job.errors)

    def only_checked(self) -> Outcome:
        """Return the outcome of a project whose checks have passed and for which nothing was sent."""
        return replace(self, result="not-tried", report=None)

    def refused(self, errors: Sequence[dict[str, Any]]) -> Outcome:
        """Return the outcome of a project that cannot be combined with another one."""
        return replace(self, result="failed", exit_code=1, errors=tuple(errors))

    @property
    def version(self) -> str:
        """The version of the release, "" if it is not known."""
        return str((self.report or {}).get("version") or self.project.version or "")

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {
            "path": self.project.name,
            "workflow": self.project.workflow,
            "version": self.version or None,
            "result": self.result,
            "exit_code": self.exit_code,
            "seconds": round(self.seconds, 1),
            "errors": list(self.errors),
            "report": self.report,
        }


def show_outcomes(outcomes: Sequence[Outcome], *, as_json: bool) -> None:
    """Print the outcomes on stdout: one JSON object, or a table and a line with the numbers."""
    counts = Counter(outcome.result for outcome in outcomes)
    if as_json:
        ok = counts["succeeded"] == len(outcomes)
        show_json({"ok": ok, "projects": [outcome.to_dict() for outcome in outcomes]})
        return
    if not outcomes:
        show_line("no project is selected")
        return
    rows = [(each.project.name, each.version, each.result.replace("-", " "), _detail(each)) for each in outcomes]
    show_table(_COLUMNS, rows)
    show_line(", ".join(f"{counts[result]} {result.replace('-', ' ')}" for result in _RESULTS if counts[result]))


def _detail(outcome: Outcome) -> str:
    """Return the release of a project that succeeded, and the codes of the errors of one that failed."""
    if outcome.result == "failed":
        return ", ".join(dict.fromkeys(error["code"] for error in outcome.errors)) or f"exit code {outcome.exit_code}"
    report = outcome.report or {}
    if outcome.result != "succeeded":
        return ""
    if path := report.get("path"):
        return os.path.relpath(path) if Path(path).is_relative_to(Path.cwd()) else str(path)
    return str(report.get("id") or report.get("release") or "")
