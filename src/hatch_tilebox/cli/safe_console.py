"""The console of all commands; ruff refuses rich's own console elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console  # noqa: TID251 -- the one place
from rich.segment import Segment
from rich.text import Text

from hatch_tilebox.core.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType

UNLIMITED = 100_000
"""The columns of a pipe or a file: no line is folded or cut there, even if colours are forced."""


class SafeConsole(Console):
    """A console that shows control characters in texts as escapes, so that only rich controls the terminal.

    Newlines stay, because rich breaks lines with them. Pass text from outside through `printable` before you print it in a line.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False)
        if not self.file.isatty():
            self.width = UNLIMITED

    def show(self, *parts: str | tuple[str, str] | Text) -> None:
        """Print one line of texts, some with a style, without wrapping it. Texts from outside are strings, not of type Text."""
        pairs = [(part, "") if isinstance(part, str) else part for part in parts]
        safe = (pair if isinstance(pair, Text) else (printable(pair[0]), pair[1]) for pair in pairs)
        self.print(Text.assemble(*safe), soft_wrap=True)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text, lines=True), segment.style)
