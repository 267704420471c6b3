"""The graph of tasks as SVG: boxes in columns for wide screens, and in one column for narrow ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from hatch_tilebox.core.progress import quantity
from hatch_tilebox.inputs.describe import fields_of
from hatch_tilebox.report.graph import TRIGGERS, short_name
from hatch_tilebox.report.html import Html, clip, number, tag
from hatch_tilebox.report.layers import arrange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.report.graph import Edge, Graph, Node
    from hatch_tilebox.report.layers import Layers

WIDTH, GAP, SPACE, BEND = 208, 48, 20, 12
"""Of a box, and the gaps between columns, between boxes of a column, and between lines that pass a column."""
_RAIL = 40
_LANES = 4
_FIELDS = 4
_SMALL, _LARGE = 7.0, 8.6
"""The widths of small and large letters in pixels, at most."""
_NARROWEST = 232
"""The width of a box on the narrowest screen."""
_SIZES = (464, 720, 976, 1232)
"""The widths up to five columns, of which the style sheet shows those that fit."""


@dataclass(frozen=True)
class _Box:
    """A task as it is drawn. `lines` are the class and the text of each line below its name."""

    node: Node
    lines: Sequence[tuple[str, str]]

    @property
    def top(self) -> int:
        """The position of the name: below the part of it that other tasks share, if there is one."""
        return 40 if "/" in self.node.name else 26

    @property
    def height(self) -> float:
        return self.top + 18.0 + 17 * len(self.lines)

    def draw(self, x: float, y: float, *, width: int | None = WIDTH, height: float = 0) -> Html:
        """Return the box, as wide as the screen without a `width`, and at least as high as `height`."""
        node, height = self.node, max(height, self.height)
        name = short_name(node.name)
        inside = (width or _NARROWEST) - 28
        small, large = int(inside / _SMALL), int(inside / _LARGE)
        version = clip(node.version, 10)
        shared = clip(node.name.removesuffix(name).rstrip("/"), small)
        state = " foreign" if node.foreign else f" is-{node.change}" if node.change else ""
        return tag(
            "svg",
            tag("title", f"{node.name} {node.version}"),
            tag("rect", x=0.5, y=0.5, width=width and width - 1, height=height - 1, rx=8, class_="frame"),
            tag("text", shared, x=14, y=20, class_="prefix") if "/" in node.name else None,
            tag(
                "text",
                clip(name, large - len(version)),
                tag("tspan", f"  {version}", class_="version"),
                x=14,
                y=self.top,
                class_="name",
            ),
            *(
                tag("text", clip(content, small), x=14, y=self.top + 21 + 17 * index, class_=kind)
                for index, (kind, content) in enumerate(self.lines)
            ),
            x=x,
            y=y,
            width=width,
            height=height,
            class_=f"box{state}",
        )


def graph_chart(graph: Graph) -> Html:
    """Return the drawing for wide screens, if it fits one, and the one for narrow screens."""
    loops = {edge.start for edge in graph.edges if edge.start == edge.end}
    boxes = [_Box(node, _lines(node, submits_itself=index in loops)) for index, node in enumerate(graph.nodes)]
    linked = sorted({index for edge in graph.edges for index in (edge.start, edge.end)})
    layout = arrange(linked, [(edge.start, edge.end) for edge in graph.edges])
    alone = sorted({*range(len(boxes))} - {*linked})
    edges = [edge for edge in graph.edges if edge.start != edge.end]
    wide, width = _columns(boxes, edges, layout, alone)
    size = next((size for size in _SIZES if width <= size), None)
    rail = _rail(boxes, edges, [*_rail_order(edges, layout), *alone])
    if size is None:
        return tag("div", rail, class_="chart graph")
    return tag("div", tag("div", wide, class_=f"wide w{size}"), tag("div", rail, class_=f"narrow w{size}"), class_="chart graph")


def _lines(node: Node, *, submits_itself: bool) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if node.foreign:
        found.append(("note", "not in this release"))
    elif node.task and node.task.trigger:
        found.append(("note", f"trigger: {TRIGGERS[node.task.trigger]}"))
    if node.count:
        failed = f", {node.failed} failed" if node.failed else ""
        found.append(("bad" if node.failed else "good", f"{node.count} in this run{failed}"))
    if submits_itself:
        found.append(("note", "submits itself"))
    fields = fields_of(node.task.input_schema, deepest=0) if node.task else []
    found += [("field", f"{field.name}: {field.accepted}") for field in fields[:_FIELDS]]
    return [*found, ("field", f"and {len(fields) - _FIELDS} more")] if len(fields) > _FIELDS else found


def _columns(boxes: Sequence[_Box], edges: Sequence[Edge], layout: Layers, alone: Sequence[int]) -> tuple[Html, int]:
    """Return the boxes in columns, those without edges in rows below them, and the width of the whole."""
    columns = [[(node, boxes[node].height if node < layout.count else BEND) for node in layer] for layer in layout.layers if layer]
    heights = [sum(height + SPACE for _, height in column) - SPACE for column in columns]
    total = max(heights, default=0.0)
    corners: dict[int, tuple[float, float, float]] = {}
    for rank, column in enumerate(columns):
        y = (total - heights[rank]) / 2
        for node, height in column:
            corners[node] = (rank * (WIDTH + GAP), y, height)
            y += height + SPACE
    content = [_line([corners[node] for node in layout.routes[edge.start, edge.end]], edge) for edge in edges]
    content += [boxes[node].draw(*corners[node][:2]) for node in sorted(corners) if node < layout.count]
    width = max(len(columns), min(len(alone), 3), 1) * (WIDTH + GAP) - GAP
    across = max(1, (width + SPACE) // (WIDTH + SPACE))
    for first in range(0, len(alone), across):
        row = [boxes[index] for index in alone[first : first + across]]
        tallest = max(box.height for box in row)
        total += SPACE if total else 0
        content += [box.draw(place * (WIDTH + SPACE), total, height=tallest) for place, box in enumerate(row)]
        total += tallest
    return _svg(len(boxes), content, width, total), width


def _rail(boxes: Sequence[_Box], edges: Sequence[Edge], order: Sequence[int]) -> Html:
    """Return all boxes below each other, with lines on the left."""
    middle: dict[int, float] = {}
    drawn, y = [], 0.0
    for node in order:
        drawn.append(boxes[node].draw(0, y, width=None))
        middle[node] = y + boxes[node].height / 2
        y += boxes[node].height + SPACE
    height = max(0.0, y - SPACE)
    column = _svg(len(boxes), drawn, "100%", height)
    lines = []
    ends: list[float] = []
    for edge in sorted(edges, key=lambda edge: (min(middle[edge.start], middle[edge.end]), edge.start, edge.end)):
        top, bottom = sorted((middle[edge.start], middle[edge.end]))
        lane = next((index for index, end in enumerate(ends) if end < top), len(ends))
        ends[lane : lane + 1] = [bottom]
        lines.append(_arc(middle[edge.start] + 4, middle[edge.end] - 4, _RAIL - 12 - lane % _LANES * 8, edge))
    if not lines:
        return column
    return tag("div", tag("svg", *lines, width=_RAIL, height=height + 2, aria_hidden="true"), column, class_="rail")


def _rail_order(edges: Sequence[Edge], layout: Layers) -> list[int]:
    """Return the nodes in the order of their layers, but those that are connected together."""
    order = [node for layer in layout.layers for node in layer if node < layout.count]
    part = {node: node for node in order}
    for edge in edges:  # few nodes: each edge joins two parts
        old, new = part[edge.end], part[edge.start]
        part = {node: new if number == old else number for node, number in part.items()}
    parts = list(dict.fromkeys(part[node] for node in order))
    return sorted(order, key=lambda node: parts.index(part[node]))


def _svg(tasks: int, content: Sequence[Html], width: float | str, height: float) -> Html:
    label = f"Graph of {quantity(tasks, 'task')}. The list below describes them."
    return tag("svg", *content, role="img", aria_label=label, width=width, height=height + 2)


def _line(corners: Sequence[tuple[float, float, float]], edge: Edge) -> Html:
    """Return a curve from the right side of the first box to the left side of the last one, through the others."""
    backwards = corners[0][0] > corners[-1][0]
    shift = 0 if edge.kind == "submits" else 6
    points = [
        (side, y + height / 2 + shift) for x, y, height in corners for side in ((x + WIDTH, x) if backwards else (x, x + WIDTH))
    ][1:-1]
    path = f"M{_at(points[0])}"
    for index, (start, end) in enumerate(pairwise(points)):
        bend = (end[0] - start[0]) / 2 if index % 2 == 0 else 0
        path += f"C{_at((start[0] + bend, start[1]))} {_at((end[0] - bend, end[1]))} {_at(end)}" if bend else f"L{_at(end)}"
    return _edge(path, points[-1], -1 if backwards else 1, edge)


def _arc(start: float, end: float, x: float, edge: Edge) -> Html:
    turn = min(8.0, abs(end - start) / 2) * (1 if end > start else -1)
    path = (
        f"M{_RAIL} {number(start)}H{number(x + 8)}Q{number(x)} {number(start)} {number(x)} {number(start + turn)}"
        f"V{number(end - turn)}Q{number(x)} {number(end)} {number(x + 8)} {number(end)}H{_RAIL}"
    )
    return _edge(path, (_RAIL, end), 1, edge)


def _edge(path: str, tip: tuple[float, float], direction: int, edge: Edge) -> Html:
    x, y = tip
    head = f"M{_at(tip)}L{_at((x - 8 * direction, y - 4))}L{_at((x - 8 * direction, y + 4))}Z"
    seen = "" if edge.count else " source"
    return tag("g", tag("path", d=path, class_="line"), tag("path", d=head, class_="head"), class_=f"edge {edge.kind}{seen}")


def _at(point: tuple[float, float]) -> str:
    return f"{number(point[0])} {number(point[1])}"
