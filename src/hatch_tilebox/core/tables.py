"""The layout of tables: columns are dropped in a stated order on a narrow terminal, and nothing is folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.printable import cell_width, printable
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "


class Column(NamedTuple):
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
    table = [(column, [column.title, *(printable(hide_logins(row[at])) for row in rows)]) for at, column in enumerate(titled)]
    shown = table if width is None else _fitting(table, width)
    if width is not None and _width(shown) > width:
        return [text for line in zip(*(cells for _, cells in shown), strict=True) for text in _stacked(line, width)]
    return [
        _GAP.join(line).rstrip() for line in zip(*(_aligned(cells, right=column.right) for column, cells in shown), strict=True)
    ]


def _fitting(table: Sequence[tuple[Column, list[str]]], width: int) -> list[tuple[Column, list[str]]]:
    """Return the columns to show, each with its cells below its title."""
    shown = list(table)
    empty = [column for column in table[1:] if len(column[1]) > 1 and not any(column[1][1:])]
    for column in [*empty, *sorted((column for column in table if column[0].drop), key=lambda column: -column[0].drop)]:
        if _width(shown) <= width:
            break
        if column in shown:
            shown.remove(column)
    return shown


def _width(table: Sequence[tuple[Column, list[str]]]) -> int:
    return sum(max(map(cell_width, cells)) for _, cells in table) + len(_GAP) * (len(table) - 1)


def _aligned(cells: Sequence[str], *, right: bool) -> list[str]:
    width = max(map(cell_width, cells))
    spaces = [" " * (width - cell_width(cell)) for cell in cells]
    return [space + cell if right else cell + space for cell, space in zip(cells, spaces, strict=True)]


def _stacked(cells: Sequence[str], width: int) -> list[str]:
    """Return a row in several lines: its first cell, then the others, together if they fit."""
    rest = [cell for cell in cells[1:] if cell]
    together = _GAP + _GAP.join(rest)
    return [cells[0], *([together] if cell_width(together) <= width else [_GAP + cell for cell in rest])] if rest else [cells[0]]
