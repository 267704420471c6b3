"""The events of a build, a verification or an upload, for whoever shows them."""

from __future__ import annotations

from threading import Lock, Thread
from time import perf_counter, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.tables import Column


class Progress:
    """Receives the events of a build, a verification or an upload. This base class ignores them.

    A step begins with `started` and, unless it fails, ends with `finished`; steps do not overlap. `warning` may come at any time.
    """

    @property
    def shows_whole_ids(self) -> bool:
        """Whether ids are whole in `note` and `table`, as they are with `-v` and where the output is not a terminal."""
        return True

    def started(self, step: str) -> None:
        """A step begins. `step` describes it: "Preparing the runtime"."""

    def finished(self, summary: str) -> None:
        """The last step is finished. `summary` is its result: "12 files, 48.1 KiB". Whoever shows it measures the time."""

    def result(self, name: str, value: str) -> None:
        """A result of the work, such as the digest of an archive."""

    def table(self, header: Sequence[Column | str], rows: Sequence[Sequence[str]]) -> None:
        """A small table that belongs to the last finished step."""

    def detail(self, message: str) -> None:
        """A detail for verbose output (`-v`)."""

    def output(self, line: str) -> None:
        """A line that uv printed for the current step (`-vv`). May come from another thread."""

    def note(self, text: str) -> None:
        """Show a line beside the steps, unless the user asked for less output."""

    def warning(self, problem: Problem) -> None:
        """A problem that does not stop the work."""

    def transferred(self, done: int, total: int) -> None:
        """`done` of `total` bytes of the current step have been sent or received."""


class Announcement:
    """Announces a step once, before its result: if it is slow, or if lines about it follow. Measures its time."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._step = ""
        self._if_slow = False
        self._began = 0.0
        self._lock = Lock()
        self._watching = False

    def begin(self, step: str, *, if_slow: bool) -> None:
        """Wait for `announce`, with `if_slow` for at most 2 s: where nothing moves, in a pipe or a CI log. Ends the step before."""
        with self._lock:
            self._step, self._if_slow, self._began = step, if_slow, perf_counter()
            if if_slow and not self._watching:
                self._watching = True
                Thread(target=self._watch, daemon=True).start()  # an error that nobody handles ends the process at once

    def _watch(self) -> None:
        """Announce slow steps, until there is none to wait for. One thread does it for many steps, because most are short."""
        while True:
            sleep(_SLOW / 4)
            with self._lock:
                self._watching = self._if_slow and bool(self._step)
                if not self._watching:
                    return
                if perf_counter() - self._began >= _SLOW:
                    self._announce()

    def announce(self) -> None:
        """Announce the step, unless it is announced already."""
        with self._lock:
            self._announce()

    def _announce(self) -> None:
        if self._step:
            self._show(f"{self._step}...")
            self._step = ""

    def end(self) -> str:
        """The step is finished, or failed: nothing is announced from now on. Return how long it took, for the end of a line."""
        with self._lock:
            self._step = ""
        seconds = perf_counter() - self._began
        return f"  {seconds:.1f} s" if seconds >= 0.1 else ""  # noqa: PLR2004 -- below, a tenth says nothing


_SLOW = 2.0
STEP_WIDTH = len("Preparing the runtime")
"""The width of the first column, which has the names of the steps."""


def quantity(count: int, noun: str) -> str:
    """Return a number with its noun: "1 file", "2 files"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def format_seconds(seconds: float) -> str:
    """Return a duration for people: "4 ms", "1.2 s"."""
    if seconds < 0.01:  # noqa: PLR2004 -- below, tenths of a second are all zero
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds:.2f} s"  # noqa: PLR2004 -- likewise


def format_size(size: int) -> str:
    """Return a number of bytes in binary units: "999 B", "48.1 KiB"."""
    if size < 1024:  # noqa: PLR2004 -- the unit itself
        return f"{size} B"
    exponent = min((size.bit_length() - 1) // 10, 3)
    return f"{size / 1024**exponent:.1f} {('KiB', 'MiB', 'GiB')[exponent - 1]}"
