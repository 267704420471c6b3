"""A treemap as SVG: the area of a rectangle is the size of a piece. Positions are percentages, so it fits every width."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.progress import format_size, quantity
from hatch_tilebox.report.html import Html, clip, muted, number, row, scrolling, table, tag
from hatch_tilebox.report.sizes import Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 80
"""The largest number of rectangles. The smallest pieces share the last one."""
COLOURS = 6
_ROWS = 200
_LETTER = 7.2
"""The width of a letter in pixels, at most."""
_MARGIN, _LINE = 8, 17


@dataclass(frozen=True)
class Area:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float


def treemap(title: str, pieces: Sequence[Piece]) -> Html:
    """Return the treemap in two shapes, for wide and for narrow screens, with a legend and a table of the same values.

    `pieces` are sorted, the largest first.
    """
    total = sum(piece.size for piece in pieces)
    groups = _groups(pieces)
    colours = {group: min(index, COLOURS - 1) for index, group in enumerate(groups)}
    label = f"{title}: {quantity(len(pieces), 'part')}, {format_size(total)} together. The table below has the values."
    drawings = [
        tag("div", _drawing(label, pieces, colours, Area(0, 0, *size)), class_=f"{name} w464")
        for name, size in (("wide", (592.0, 320.0)), ("narrow", (312.0, 380.0)))
    ]
    legend = [
        tag(
            "li",
            tag("svg", tag("rect", width=12, height=12, rx=3, class_=f"c{index}"), width=12, height=12, aria_hidden="true"),
            words,
        )
        for index, words in enumerate(_legend(groups))
    ]
    more = len(pieces) - _ROWS
    caption = f"{title}, largest first" + (f"; {more} smaller ones are left out" if more > 0 else "")
    rows = (row(piece.name, format_size(piece.size)) for piece in pieces[:_ROWS])
    values = scrolling(title, table("sizes", caption, ("Name", "Size"), rows))
    return tag(
        "figure",
        tag("figcaption", tag("h3", title), muted(f"{quantity(len(pieces), 'part')}, {format_size(total)}")),
        tag("div", *drawings, class_="chart"),
        tag("ul", *legend, class_="legend"),
        tag("details", tag("summary", "Show as a table"), values),
        class_="treemap",
    )


def _groups(pieces: Sequence[Piece]) -> dict[str, int]:
    """Return the size of each group, largest first."""
    sizes: Counter[str] = Counter()
    for piece in pieces:
        sizes[piece.group] += piece.size
    return dict(sorted(sizes.items(), key=lambda item: (-item[1], item[0])))


def _legend(groups: dict[str, int]) -> list[str]:
    """Return what each colour stands for. The smallest groups share the last one."""
    named = [*groups.items()]
    if len(named) > COLOURS:
        others = named[COLOURS - 1 :]
        named[COLOURS - 1 :] = [(f"{len(others)} others", sum(size for _, size in others))]
    return [f"{clip(name, 40)}  {format_size(size)}" for name, size in named]


def _drawing(label: str, pieces: Sequence[Piece], colours: dict[str, int], whole: Area) -> Html:
    shown = [piece for piece in pieces if piece.size > 0]
    if rest := shown[MOST:]:
        del shown[MOST:]
        shown.append(Piece(f"{len(rest)} smaller", rest[0].group, sum(piece.size for piece in rest)))
    groups = _groups(shown)
    content = []
    for group, area in zip(groups, squarify(list(groups.values()), whole), strict=True):
        members = sorted((piece for piece in shown if piece.group == group), key=lambda piece: -piece.size)
        for piece, part in zip(members, squarify([piece.size for piece in members], area), strict=True):
            content.append(_piece(piece, part, whole, colours.get(group, COLOURS - 1)))
    return tag("svg", *content, role="img", aria_label=label, width="100%", height=whole.height)


def _piece(piece: Piece, area: Area, whole: Area, colour: int) -> Html:
    letters = int((area.width - _MARGIN - 4) / _LETTER)
    lines: list[Html] = []
    if letters > 3 and area.height >= _LINE + _MARGIN:  # noqa: PLR2004 -- less is not readable
        name = piece.name.rpartition("/")[2] or piece.name
        lines.append(tag("text", clip(name, letters), x=_MARGIN, y=19, class_="name"))
        size = format_size(piece.size)
        if area.height >= 2 * _LINE + _MARGIN and letters >= len(size):
            lines.append(tag("text", size, x=_MARGIN, y=19 + _LINE, class_="size"))
    return tag(
        "svg",
        tag("title", f"{piece.name}: {format_size(piece.size)}"),
        tag("rect", width="100%", height="100%", class_=f"c{colour}"),
        *lines,
        x=f"{number(100 * area.x / whole.width)}%",
        y=area.y,
        width=f"{number(100 * area.width / whole.width)}%",
        height=area.height,
    )


def squarify(sizes: Sequence[float], area: Area) -> list[Area]:
    """Divide an area in proportion to `sizes`, largest first, into rectangles that are close to squares.

    Source: Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000).
    """
    left = sum(sizes)
    found: list[Area] = []
    start = 0
    while start < len(sizes):
        scale = area.width * area.height / left if left else 0.0
        side = min(area.width, area.height)
        end = start + 1
        while end < len(sizes) and _worst(sizes[start : end + 1], scale, side) <= _worst(sizes[start:end], scale, side):
            end += 1
        group = sizes[start:end]
        share = sum(group) / left if left else 0.0
        wide = area.width >= area.height
        depth, offset = max(area.width, area.height) * share, 0.0
        for size in group:
            length = side * size / sum(group)
            if wide:
                found.append(Area(area.x, area.y + offset, depth, length))
            else:
                found.append(Area(area.x + offset, area.y, length, depth))
            offset += length
        if wide:
            area = Area(area.x + depth, area.y, area.width - depth, area.height)
        else:
            area = Area(area.x, area.y + depth, area.width, area.height - depth)
        left -= sum(group)
        start = end
    return found


def _worst(row: Sequence[float], scale: float, side: float) -> float:
    """Return the largest ratio of the sides of the rectangles in a row."""
    area = sum(row) * scale
    if not area or not side:
        return float("inf")
    depth = area / side
    return max(max(depth / length, length / depth) for size in row if (length := size * scale / depth))
