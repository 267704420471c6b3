"""Progress and problems on stderr; stdout has the results.

All commands use `SafeConsole`; ruff refuses rich's own console elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console  # noqa: TID251 -- the one place
from rich.markup import escape
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from hatch_tilebox.core.diagnostics import counted, diagnostic
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import STEP_WIDTH, Progress
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import ConsoleOptions, RenderableType
    from rich.progress import Progress as LiveProgress
    from rich.progress import ProgressColumn, TaskID

    from hatch_tilebox.core.errors import Problem

_ERRORS_ONLY = -2
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold yellow", "help": "bold cyan", "place": "blue", "dim": "dim"}


class SafeConsole(Console):
    """A console that shows control characters in texts as escapes, so that only rich controls the terminal.

    Newlines stay, because rich breaks lines with them. Pass text from outside through `printable` before you print it in a line.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text, lines=True), segment.style)


def styled(*parts: str | tuple[str, str]) -> Text:
    """Return one line of texts, some with a style. The texts may come from outside."""
    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    return Text.assemble(*((printable(text), style) for text, style in pairs))


class RichProgress(Progress):
    """Shows a spinner while a step runs and a line when it is done.

    `verbosity`: -2 errors only, -1 warnings and errors, 0 steps too, 1 with details. Everything else on stderr must use the same
    `console`, so that lines and spinner do not mix.
    """

    def __init__(self, verbosity: int = 0, console: SafeConsole | None = None) -> None:
        self._console = console or SafeConsole(stderr=True)
        self._verbosity = verbosity
        self._step = ""
        # A CI log may have colours, but nothing can move in it.
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
            took = f"  {seconds:.1f} s" if seconds >= 0.1 else ""  # noqa: PLR2004 -- below, a tenth says nothing
            self._print((self._step.ljust(STEP_WIDTH), "green"), f"  {summary}", (took, "dim"))

    def result(self, name: str, value: str) -> None:
        if self._verbosity >= 0:
            self._print((name.ljust(STEP_WIDTH), "green"), f"  {value}")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if self._verbosity < 0:
            return
        table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
        for title in header:
            table.add_column(title, overflow="fold")
        for row in rows:
            table.add_row(*(styled(hide_logins(cell)) for cell in row))
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def detail(self, message: str) -> None:
        if self._verbosity > 0:
            self._print("  ", (message, "dim"))

    def note(self, text: str) -> None:
        if self._verbosity >= 0:
            self._print("  ", text)

    def warning(self, problem: Problem) -> None:
        if self._verbosity > _ERRORS_ONLY:
            show_problems([problem], level="warning", console=self._console)

    def close(self) -> None:
        """Remove the spinner or the bar."""
        if self._live is not None:
            self._live.stop()
            self._live = self._transfer = None

    def _print(self, *parts: str | tuple[str, str]) -> None:
        """Print one line without wrapping it."""
        pairs = ((part, "") if isinstance(part, str) else part for part in parts)
        self._console.print(styled(*((hide_logins(text), style) for text, style in pairs)), soft_wrap=True)

    def _show(self, *columns: ProgressColumn, total: int | None) -> TaskID:
        """Replace the moving line by one about the current step."""
        from rich.progress import Progress as LiveProgress

        self.close()
        self._live = LiveProgress(*columns, console=self._console, transient=True)
        self._live.start()
        return self._live.add_task(escape(printable(self._step)), total=total)


def show_problems(problems: Iterable[Problem], *, level: str = "error", console: SafeConsole | None = None) -> None:
    """Print problems on stderr, each as `core.diagnostics` lays it out. `level` is "error", "warning" or "note"."""
    console = console or SafeConsole(stderr=True)
    for index, problem in enumerate(problems):
        for line in [*([()] if index else []), *diagnostic(problem, level)]:
            parts = ((part.text, _STYLES.get(part.style, "")) for part in line)
            console.print(Text.assemble(*parts), soft_wrap=True)


def show_errors(problems: Sequence[Problem]) -> None:
    """Print the errors that ended a command on stderr, and how many there are."""
    console = SafeConsole(stderr=True)
    show_problems(problems, console=console)
    if summary := counted(problems):
        console.print(f"\n{summary}", soft_wrap=True)


def show_diff(diff: str, console: SafeConsole) -> None:
    """Print a unified diff in colours."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in diff.split("\n")[:-1]:
        style = "bold" if line.startswith(("---", "+++")) else styles.get(line[:1], "")
        console.print(Text(printable(line.removesuffix("\r"), lines=True), style), soft_wrap=True)
