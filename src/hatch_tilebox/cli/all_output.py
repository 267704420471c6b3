"""What a command with `--all` shows: a line for each project when it is done, and at the end a table, or one JSON object."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from hatch_tilebox.cli.console import RichProgress, show_table
from hatch_tilebox.cli.output import show_json, show_line
from hatch_tilebox.cli.safe_console import SafeConsole
from hatch_tilebox.core.paths import shortest_path
from hatch_tilebox.core.progress import format_seconds, quantity
from hatch_tilebox.core.short_forms import short_list
from hatch_tilebox.core.tables import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.cli.side_by_side import JobResult
    from hatch_tilebox.project.collisions import RepositoryProject

_NAMED = 3
"""Running projects that the moving line names."""
_INDENT = 2
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


class AllProgress:
    """Shows what happens on stderr. `verbosity` is that of `RichProgress`; the processes of projects print one level less."""

    def __init__(self, verbosity: int) -> None:
        self.console = SafeConsole(stderr=True)
        self.steps = RichProgress(verbosity, self.console)
        self._verbosity = verbosity
        self._title, self._total, self._done = "", 0, 0

    @contextmanager
    def phase(self, title: str, total: int) -> Iterator[None]:
        """Show that work on `total` projects begins, and that it runs until the end of the block."""
        self._title, self._total, self._done = title, total, 0
        if self._verbosity >= 0:
            self.console.show((f"{title} {quantity(total, 'project')}", "bold"))
        try:
            yield
        finally:
            self.steps.close()

    def running(self, names: Sequence[str]) -> None:
        """Show the names of the projects that run now, in a line that moves."""
        if not self.console.file.isatty():
            return
        if not names:
            self.steps.close()
            return
        self.steps.started(f"{self._title} {self._done + len(names)} of {self._total}: {short_list(names, _NAMED)}")

    def ended(self, outcome: Outcome, seconds: float, text: str) -> None:
        """Show how the work on a project ended. `text` is what its process printed."""
        self._done += 1
        self.steps.close()
        succeeded = outcome.result == "succeeded"
        if succeeded and self._verbosity < 0 and not text:
            return
        mark = ("✓ ", "green") if succeeded else ("✗ ", "red")
        about = " ".join(part for part in (outcome.project.workflow, outcome.version) if part)
        took = "interrupted" if outcome.result == "interrupted" else format_seconds(seconds)
        self.console.show(mark, outcome.project.name, "  ", about, "  " if about else "", (took, "dim"))
        for line in Text.from_ansi(text).split() if text else ():
            self.console.show(" " * _INDENT if line else "", line)

    def arguments(self, *, silent: bool) -> list[str]:
        """Return the options of output for the process of a project. `silent` leaves out warnings that were shown before."""
        level = -2 if silent and self._verbosity <= 0 else self._verbosity - 1
        return ["--json", *(["-q"] * min(-level, 2) if level < 0 else ["-v"] * level)]

    def environment(self) -> dict[str, str]:
        """Return the variables that let the process of a project print colours and lines as this one does."""
        if not self.console.is_terminal or self.console.no_color or "NO_COLOR" in os.environ:
            return {}
        return {"FORCE_COLOR": "1", "COLUMNS": str(max(self.console.width - _INDENT, 20))}


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
        return shortest_path(Path(path))
    return str(report.get("id") or report.get("release") or "")
