"""The progress of a command with `--all`: one line for each project when it is done, with what its process printed below it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.text import Text

from hatch_tilebox.cli.console import RichProgress, styled
from hatch_tilebox.cli.safe_console import SafeConsole
from hatch_tilebox.core.progress import format_seconds
from hatch_tilebox.core.short_forms import short_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.cli.all_outcomes import Outcome

_NAMED = 3
"""Running projects that the moving line names."""
_INDENT = 2


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
            self.console.print(styled((f"{title} {total} project{'' if total == 1 else 's'}", "bold")))
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
        self.console.print(styled(mark, outcome.project.name, "  ", about, "  " if about else "", (took, "dim")), soft_wrap=True)
        for line in Text.from_ansi(text).split() if text else ():
            self.console.print(Text.assemble(" " * _INDENT, line) if line else "", soft_wrap=True)

    def arguments(self, *, silent: bool) -> list[str]:
        """Return the options of output for the process of a project. `silent` leaves out warnings that were shown before."""
        level = -2 if silent and self._verbosity <= 0 else self._verbosity - 1
        return ["--json", *(["-q"] * min(-level, 2) if level < 0 else ["-v"] * level)]

    def environment(self) -> dict[str, str]:
        """Return the variables that let the process of a project print colours and lines as this one does."""
        if not self.console.is_terminal or self.console.no_color or "NO_COLOR" in os.environ:
            return {}
        return {"FORCE_COLOR": "1", "COLUMNS": str(max(self.console.width - _INDENT, 20))}
