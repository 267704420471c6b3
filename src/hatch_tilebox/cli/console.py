"""What a person sees of a command: everything here goes to stderr, for stdout belongs to results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hatch_tilebox.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.progress import Progress as LiveProgress
    from rich.progress import ProgressColumn, TaskID

    from hatch_tilebox.errors import Problem

_STEP_WIDTH = len("Preparing the runtime")
_ERRORS_ONLY = -2


class RichProgress(Progress):
    """Steps with a spinner while they run and one line when they are done.

    `verbosity`: -2 errors only, -1 warnings and errors, 0 steps too, 1 with details. Who else writes to stderr meanwhile must do
    so through the same `console`, or lines and spinner get mixed up.
    """

    def __init__(self, verbosity: int = 0, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._verbosity = verbosity
        self._step = ""
        # Colours may be forced where nothing can move, as in the log of a CI job.
        self._moving = verbosity >= 0 and self._console.file.isatty() and not self._console.is_dumb_terminal
        self._live: LiveProgress | None = None
        self._transfer: TaskID | None = None

    def started(self, step: str) -> None:
        self._step = step
        if self._moving:
            from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

            self._show(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), total=None)

    def transferred(self, done: int, total: int) -> None:
        if not self._moving or not total:
            return
        if self._transfer is None:
            from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeElapsedColumn, TransferSpeedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True))
            self._transfer = self._show(*columns, TransferSpeedColumn(), TimeElapsedColumn(), total=total)
        if self._live is not None:
            self._live.update(self._transfer, completed=done, total=total)

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

    def close(self) -> None:
        """End what moves, if anything does."""
        if self._live is not None:
            self._live.stop()
            self._live = self._transfer = None

    def _show(self, *columns: ProgressColumn, total: int | None) -> TaskID:
        """One line about the step that is under way, in place of the one before."""
        from rich.progress import Progress as LiveProgress

        self.close()
        self._live = LiveProgress(*columns, console=self._console, transient=True)
        self._live.start()
        return self._live.add_task(escape(self._step), total=total)


def show_problems(problems: Iterable[Problem]) -> None:
    """Cause and cure of every problem; in a panel on a terminal, as plain lines elsewhere."""
    console = Console(stderr=True, highlight=False)
    for problem in problems:
        if not console.file.isatty():
            console.print(Text("error", "red").append(f": {problem}", "default"), soft_wrap=True)
            continue
        body = Text(f"{problem.location}: " if problem.location else "", style="bold")
        body.append(problem.message, style="not bold")
        if problem.details:
            body.append(f"\n\n{problem.details}", style="dim not bold")
        if problem.hint:
            body.append("\n\nhint: ", style="cyan not bold").append(problem.hint, style="not bold")
        console.print(Panel(body, title="error", title_align="left", border_style="red"))
