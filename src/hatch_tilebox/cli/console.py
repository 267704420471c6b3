"""Progress and problems on stderr; stdout has the results.

Rich is imported when something is printed: the completion of a shell and `--help` import this module, too.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from hatch_tilebox.core.printable import cell_width, printable
from hatch_tilebox.core.progress import STEP_WIDTH, Announcement, Progress
from hatch_tilebox.core.tables import Column, lay_out
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.progress import Progress as LiveProgress
    from rich.progress import ProgressColumn, TaskID

    from hatch_tilebox.cli.safe_console import SafeConsole
    from hatch_tilebox.core.errors import Problem

_ERRORS_ONLY, _OUTPUT_OF_UV = -2, 2
_STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold yellow", "help": "bold cyan", "place": "blue", "dim": "dim"}


def _console(*, stderr: bool = False) -> SafeConsole:
    from hatch_tilebox.cli.safe_console import SafeConsole

    return SafeConsole(stderr=stderr)


def show_table(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[str]],
    console: SafeConsole | None = None,
    *,
    margin: str = "",
    whole: bool = False,
) -> None:
    """Print a table, on stdout by default. All tables of the command line come from here.

    On a terminal it fits: see `lay_out`. Elsewhere, or if it is `whole`, it has all columns.
    """
    console = console or _console()
    width = console.width - len(margin) if console.file.isatty() else None
    if whole and width is not None:
        columns = [column._replace(drop=0) if isinstance(column, Column) else column for column in columns]
    for number, line in enumerate(lay_out(columns, rows, width)):
        console.show(margin, (line, "" if number else "bold"))


def show_text(text: str, console: SafeConsole, *, indent: int, style: str = "") -> None:
    """Print a paragraph. On a terminal it is wrapped between words, and no word is broken."""
    words = printable(hide_logins(" ".join(text.split())))
    for line in wrap(words, max(console.width - indent, 1), break_long_words=False, break_on_hyphens=False):
        console.show(" " * indent, (line, style))


def show_fact(title: str, value: str, console: SafeConsole, width: int, style: str = "bold") -> None:
    """Print a value beside its title, which takes `width` columns. On a terminal that is too narrow, it is on the next line."""
    if console.file.isatty() and width + len("  ") + cell_width(value) > console.width:
        console.show((title, style))
        title, width = "", 0
    console.show((title.ljust(width), style), f"  {value}")


class RichProgress(Progress):
    """Shows a spinner while a step runs and a line when it is done.

    `verbosity`: -2 errors only, -1 warnings and errors, 0 steps too, 1 with details, 2 with the output of uv. Everything else on
    stderr must use the same `console`, so that lines and spinner do not mix.
    """

    def __init__(self, verbosity: int = 0, console: SafeConsole | None = None) -> None:
        self._console = console or _console(stderr=True)
        self._verbosity = verbosity
        self._step = ""
        # A CI log may have colours, but nothing can move in it.
        self._moving = verbosity >= 0 and self._console.file.isatty() and not self._console.is_dumb_terminal
        self._live: LiveProgress | None = None
        self._transfer: TaskID | None = None
        self._announcement = Announcement(lambda text: self._print((text, "dim")))

    @property
    def shows_whole_ids(self) -> bool:
        return self._verbosity > 0 or not self._console.file.isatty()

    def started(self, step: str) -> None:
        self._step = step
        self._announcement.begin(step, if_slow=self._verbosity >= 0 and not self._moving)
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

    def finished(self, summary: str) -> None:
        took = self._announcement.end()
        self._stop_moving()
        if self._verbosity >= 0:
            self._print((self._step.ljust(STEP_WIDTH), "green"), f"  {summary}", (took, "dim"))

    def result(self, name: str, value: str) -> None:
        if self._verbosity >= 0:
            show_fact(name, hide_logins(value), self._console, STEP_WIDTH, "green")

    def table(self, header: Sequence[Column | str], rows: Sequence[Sequence[str]]) -> None:
        if self._verbosity < 0:
            return
        show_table(header, rows, self._console, margin="  ", whole=self._verbosity > 0)

    def detail(self, message: str) -> None:
        if self._verbosity > 0:
            self._print("  ", (message, "dim"))

    def output(self, line: str) -> None:
        if self._verbosity >= _OUTPUT_OF_UV:
            self._announcement.announce()
            self._print("  ", (line, "dim"))

    def note(self, text: str) -> None:
        if self._verbosity >= 0:
            self._print("  ", text)

    def warning(self, problem: Problem) -> None:
        if self._verbosity > _ERRORS_ONLY:
            show_problems([problem], level="warning", console=self._console)

    def close(self) -> None:
        """Remove the spinner or the bar."""
        self._announcement.end()
        self._stop_moving()

    def _stop_moving(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = self._transfer = None

    def _print(self, *parts: str | tuple[str, str]) -> None:
        """Print one line without wrapping it."""
        pairs = ((part, "") if isinstance(part, str) else part for part in parts)
        self._console.show(*((hide_logins(text), style) for text, style in pairs))

    def _show(self, *columns: ProgressColumn, total: int | None) -> TaskID:
        """Replace the moving line by one about the current step."""
        from rich.markup import escape
        from rich.progress import Progress as LiveProgress

        self._stop_moving()
        self._live = LiveProgress(*columns, console=self._console, transient=True)
        self._live.start()
        return self._live.add_task(escape(printable(self._step)), total=total)


def show_problems(problems: Iterable[Problem], *, level: str = "error", console: SafeConsole | None = None) -> None:
    """Print problems on stderr, each as `core.diagnostics` lays it out. `level` is "error", "warning" or "note"."""
    from rich.text import Text

    from hatch_tilebox.core.diagnostics import diagnostic

    console = console or _console(stderr=True)
    for index, problem in enumerate(problems):
        for line in [*([()] if index else []), *diagnostic(problem, level)]:
            console.show(Text.assemble(*((part.text, _STYLES.get(part.style, "")) for part in line)))


def show_errors(problems: Sequence[Problem]) -> None:
    """Print the errors that ended a command on stderr, and how many there are."""
    from hatch_tilebox.core.diagnostics import counted

    console = _console(stderr=True)
    show_problems(problems, console=console)
    if summary := counted(problems):
        console.print()
        console.show(summary)


def show_diff(diff: str, console: SafeConsole) -> None:
    """Print a unified diff in colours."""
    from rich.text import Text

    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in diff.split("\n")[:-1]:
        style = "bold" if line.startswith(("---", "+++")) else styles.get(line[:1], "")
        console.show(Text(printable(line.removesuffix("\r"), lines=True), style))
