"""Progress as lines of text, for frontends whose plugins can only print."""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, NoReturn

from hatch_tilebox.core.diagnostics import counted, diagnostic
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import STEP_WIDTH, Announcement, Progress
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatchling.bridge.app import Application

    from hatch_tilebox.core.errors import Problem, TileboxError
    from hatch_tilebox.core.tables import Column

_OUTPUT_LEVEL = 2
"""The verbosity that shows the output of uv."""
_BOLD, _GREEN, _DIM = "1", "32", "2"
_STYLES = {"error": "1;31", "warning": "1;33", "help": "1;36", "place": "34", "dim": _DIM}
# uv searches the last lines of a failed build for these words, in this form, and then prints a hint about build requirements.
# Source: https://github.com/astral-sh/uv/blob/main/crates/uv-build-frontend/src/error.rs
_FOR_UV = (
    r"(?P<start>ModuleNotFoundError: No module named |error: invalid command |fatal error: )(?P<open>['\"])(?P<name>[^'\"\n]+)['\"]"
    r"|(?P<words>No such file or directory)"
)


class TextProgress(Progress):
    """Writes one line for each step through hatchling's application, which applies the verbosity.

    On a terminal, the current step is a line that its result replaces.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self._step = ""
        self._terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._announcement = Announcement(lambda text: self._show_line(text, _DIM))
        # Sources: https://no-color.org and https://force-color.org
        self._colors = not os.environ.get("NO_COLOR") and bool(os.environ.get("FORCE_COLOR") or self._terminal)

    @property
    def shows_whole_ids(self) -> bool:
        return self._app.verbosity > 0 or not self._terminal

    def started(self, step: str) -> None:
        self._step = step
        self._announcement.begin(step, if_slow=not self._terminal)
        self._show_transient(f"{step}…")

    def finished(self, summary: str) -> None:
        took = self._announcement.end()
        self._show_transient("")
        self.result(self._step, summary, took)

    def result(self, name: str, value: str, took: str = "") -> None:
        title = self._paint(name.ljust(STEP_WIDTH), _GREEN)
        self._app.display_info(f"{title}  {printable(hide_logins(value))}{self._paint(took, _DIM)}")

    def transferred(self, done: int, total: int) -> None:
        if total:
            self._show_transient(f"{self._step}… {100 * done // total} %")

    def table(self, header: Sequence[Column | str], rows: Sequence[Sequence[str]]) -> None:
        from hatch_tilebox.core.tables import lay_out

        width = shutil.get_terminal_size().columns - len("  ") if self._terminal else None
        for number, line in enumerate(lay_out(header, rows, width)):
            self._app.display_info(f"  {self._paint(line, '' if number else _BOLD)}")

    def detail(self, message: str) -> None:
        self._show_transient("")
        self._app.display_debug(f"  {printable(hide_logins(message))}")

    def output(self, line: str) -> None:
        if self._app.verbosity >= _OUTPUT_LEVEL:
            self._announcement.announce()
            self._show_transient("")
            self._app.display_debug(self._paint(f"  {printable(hide_logins(line))}", _DIM), level=_OUTPUT_LEVEL)

    def warning(self, problem: Problem) -> None:
        self._show_transient("")
        self._app.display_warning(self._diagnostic(problem, "warning"))

    def note(self, text: str) -> None:
        """Show a remark."""
        self._show_line(text, "")

    def abort(self, error: TileboxError) -> NoReturn:
        """End the process with an error."""
        self._announcement.end()
        self._show_transient("")
        shown = [self._diagnostic(problem, "error") for problem in error.problems]
        self._app.abort("\n\n".join(filter(None, [*shown, counted(error.problems)])), code=error.exit_code)
        raise error  # unreachable

    def _diagnostic(self, problem: Problem, level: str) -> str:
        lines = diagnostic(problem, level)
        painted = ("".join(self._paint(part.text, _STYLES.get(part.style, "")) for part in line) for line in lines)
        return without_hints_of_uv("\n".join(painted))

    def _show_line(self, text: str, style: str) -> None:
        self._show_transient("")
        self._app.display_info(self._paint(printable(hide_logins(text)), style))

    def _paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colors and style and text else text

    def _show_transient(self, text: str) -> None:
        """Show a line that the next one replaces. Nothing is shown of an empty one."""
        if self._terminal and self._app.verbosity >= 0:
            sys.stderr.write(f"\r\x1b[K{printable(hide_logins(text))}")
            sys.stderr.flush()


def without_hints_of_uv(text: str) -> str:
    """Return `text` in a form from which uv derives no hint of its own: ours is about the release, and has to be the last word."""
    return re.sub(_FOR_UV, lambda match: f"{match['start']}`{match['name']}`" if match["start"] else match["words"].lower(), text)
