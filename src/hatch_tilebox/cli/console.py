"""What a person sees of a command: everything here goes to stderr, for stdout belongs to results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hatch_tilebox.progress import Progress, format_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.status import Status

    from hatch_tilebox.errors import Problem

_STEP_WIDTH = len("Preparing the runtime")
_BAR_WIDTH = 30
_ERRORS_ONLY = -2


class RichProgress(Progress):
    """Steps with a spinner while they run and one line when they are done.

    `verbosity`: -2 errors only, -1 warnings and errors, 0 steps too, 1 with details.
    """

    def __init__(self, verbosity: int = 0) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._verbosity = verbosity
        self._step = ""
        self._status: Status | None = None

    def started(self, step: str) -> None:
        self._step = step
        if self._verbosity >= 0:
            self._status = self._console.status(f"{escape(step)}…")
            self._status.start()

    def finished(self, summary: str, *, seconds: float = 0.0) -> None:
        self.close()
        if self._verbosity >= 0:
            took = f"  [dim]{seconds:.1f} s[/]" if seconds >= 0.1 else ""  # noqa: PLR2004 -- below, a tenth says nothing
            self._console.print(f"[green]{self._step.ljust(_STEP_WIDTH)}[/]  {escape(summary)}{took}", soft_wrap=True)

    def result(self, name: str, value: str) -> None:
        if self._verbosity >= 0:
            self._console.print(f"[green]{name.ljust(_STEP_WIDTH)}[/]  {escape(value)}", soft_wrap=True)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if self._verbosity < 0:
            return
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
        for title in header:
            table.add_column(title, overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def detail(self, message: str) -> None:
        if self._verbosity > 0:
            self._console.print(f"  [dim]{escape(message)}[/]", soft_wrap=True)

    def warning(self, problem: Problem) -> None:
        if self._verbosity > _ERRORS_ONLY:
            self._console.print(f"[yellow]warning[/]: {escape(str(problem))}", soft_wrap=True)

    def transferred(self, done: int, total: int) -> None:
        if self._status is None or not self._console.is_terminal:
            return
        bar = Table.grid(padding=(0, 1))
        size = format_size(done) + (f" of {format_size(total)}" if total else "")
        bar.add_row(f"{escape(self._step)}…", ProgressBar(total or None, done, width=_BAR_WIDTH), size)
        self._status.update(bar)

    def close(self) -> None:
        """End the spinner, if one turns."""
        if self._status is not None:
            self._status.stop()
            self._status = None


def show_problems(problems: Iterable[Problem]) -> None:
    """Cause and cure of every problem; in a panel on a terminal, as plain lines elsewhere."""
    console = Console(stderr=True, highlight=False)
    for problem in problems:
        if not console.is_terminal:
            console.print(Text(f"error: {problem}"), soft_wrap=True)
            continue
        body = Text(f"{problem.location}: " if problem.location else "", style="bold")
        body.append(problem.message, style="not bold")
        if problem.details:
            body.append(f"\n\n{problem.details}", style="dim not bold")
        if problem.hint:
            body.append("\n\nhint: ", style="cyan not bold").append(problem.hint, style="not bold")
        console.print(Panel(body, title="error", title_align="left", border_style="red"))
