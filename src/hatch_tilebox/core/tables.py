"""The layout of tables: columns are dropped in a stated order on a narrow terminal, and nothing is folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.printable import cell_width, printable
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column of a table. Columns with a `drop` are left out where the terminal is too narrow, the highest number first."""

    title: str
    drop: int = 0
    right: bool = False


def lay_out(columns: Sequence[Column | str], rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Return the lines of a table, the first one with the titles. No line has spaces at its end.

    Without `width` (the output is not a terminal) lines may be of any length. With it, empty columns are left out first, then those
    with a `drop`. If the others are still too wide, each row begins with a line for its first cell; the other cells are indented
    below it. Cells are never folded or cut. Control characters and logins in cells are hidden.
    """
    titled = [Column(column) if isinstance(column, str) else column for column in columns]
    cells = [[printable(hide_logins(cell)) for cell in row] for row in rows]
    shown = _fitting(titled, cells, width)
    kept = [titled[index] for index in shown]
    lines = [[column.title for column in kept], *([row[index] for index in shown] for row in cells)]
    widths = [max(map(cell_width, column)) for column in zip(*lines, strict=True)]
    if width is not None and _total(widths) > width:
        return [text for line in lines for text in _stacked(line, width)]
    return [
        _GAP.join(_aligned(cell, size, right=column.right) for cell, size, column in zip(line, widths, kept, strict=True)).rstrip()
        for line in lines
    ]


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """Return the indexes of the columns to show."""
    shown = list(range(len(columns)))
    if width is None:
        return shown
    sizes = [max(cell_width(text) for text in (column.title, *(row[at] for row in rows))) for at, column in enumerate(columns)]
    empty = [at for at in shown[1:] if rows and not any(row[at] for row in rows)]
    for at in [*empty, *sorted((at for at in shown if columns[at].drop), key=lambda at: -columns[at].drop)]:
        if _total([sizes[index] for index in shown]) <= width:
            break
        if at in shown:
            shown.remove(at)
    return shown


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _aligned(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_width(text))
    return space + text if right else text + space


def _stacked(cells: Sequence[str], width: int) -> list[str]:
    """Return a row in several lines: its first cell, then the others, together if they fit."""
    rest = [cell for cell in cells[1:] if cell]
    together = _GAP + _GAP.join(rest)
    return [cells[0], *([together] if cell_width(together) <= width else [_GAP + cell for cell in rest])] if rest else [cells[0]]
