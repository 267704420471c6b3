"""The graph of tasks as SVG: boxes in columns for wide screens, and in one column for narrow ones."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hatch_tilebox.inputs.describe import fields_of
from hatch_tilebox.report.html import Html, clip, counted, join, number, tag
from hatch_tilebox.report.layers import arrange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_tilebox.report.graph import Edge, Graph, Node

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
TRIGGERS = {"cron": "cron schedule", "storage-event": "storage event"}


def short_name(name: str) -> str:
    """Return the last part of the name of a task."""
    return name.rpartition("/")[2] or name


def graph_chart(graph: Graph) -> Html:
    """Return the drawing for wide screens, if it fits one, and the one for narrow screens."""
    linked = sorted({index for edge in graph.edges for index in (edge.start, edge.end)})
    wide, width = _columns(graph, linked)
    size = next((size for size in _SIZES if width <= size), None)
    rail = _rail(graph, linked)
    if size is None:
        return tag("div", rail, class_="chart graph")
    return tag("div", tag("div", wide, class_=f"wide w{size}"), tag("div", rail, class_=f"narrow w{size}"), class_="chart graph")


def _columns(graph: Graph, linked: Sequence[int]) -> tuple[Html, float]:
    place = {node: index for index, node in enumerate(linked)}
    layout = arrange(len(linked), [(place[edge.start], place[edge.end]) for edge in graph.edges])
    heights = [_height(graph.nodes[node], graph) for node in linked]
    corners: dict[int, tuple[float, float, float]] = {}
    columns = layout.layers if linked else ()
    total = max((_column_height(layer, heights) for layer in columns), default=0.0)
    for rank, layer in enumerate(columns):
        y = (total - _column_height(layer, heights)) / 2
        for node in layer:
            height = heights[node] if node < layout.count else BEND
            corners[node] = (rank * (WIDTH + GAP), y, height)
            y += height + SPACE
    lines = [
        _line([corners[node] for node in layout.routes[place[edge.start], place[edge.end]]], edge)
        for edge in graph.edges
        if edge.start != edge.end
    ]
    boxes = [_box(graph.nodes[node], graph, *corners[place[node]][:2], heights[place[node]], str(WIDTH)) for node in linked]
    alone = [index for index in range(len(graph.nodes)) if index not in place]
    width = max(len(columns), min(len(alone), 3), 1) * (WIDTH + GAP) - GAP
    extra, total = _grid(graph, alone, total, width)
    return _svg(graph, (*lines, *boxes, *extra), width, total), float(width)


def _grid(graph: Graph, alone: Sequence[int], top: float, width: float) -> tuple[list[Html], float]:
    """Return the boxes without edges, in rows below `top`, and the height of the whole."""
    across = max(1, int((width + SPACE) // (WIDTH + SPACE)))
    found = []
    for first in range(0, len(alone), across):
        row = alone[first : first + across]
        top += SPACE if top else 0
        tallest = max(_height(graph.nodes[node], graph) for node in row)
        found += [_box(graph.nodes[node], graph, i * (WIDTH + SPACE), top, tallest, str(WIDTH)) for i, node in enumerate(row)]
        top += tallest
    return found, top


def _column_height(layer: Sequence[int], heights: Sequence[float]) -> float:
    return sum(heights[node] if node < len(heights) else BEND for node in layer) + SPACE * (len(layer) - 1)


def _rail(graph: Graph, linked: Sequence[int]) -> Html:
    """Return all boxes below each other, with lines on the left."""
    middle: dict[int, float] = {}
    boxes, y = [], 0.0
    for node in _rail_order(graph, linked):
        height = _height(graph.nodes[node], graph)
        boxes.append(_box(graph.nodes[node], graph, 0, y, height, None))
        middle[node] = y + height / 2
        y += height + SPACE
    lines = []
    ends: list[float] = []
    for edge in sorted(graph.edges, key=lambda edge: (min(middle[edge.start], middle[edge.end]), edge.start, edge.end)):
        if edge.start != edge.end:
            top, bottom = sorted((middle[edge.start], middle[edge.end]))
            lane = next((index for index, end in enumerate(ends) if end < top), len(ends))
            ends[lane : lane + 1] = [bottom]
            lines.append(_arc(middle[edge.start] + 4, middle[edge.end] - 4, _RAIL - 12 - lane % _LANES * 8, edge))
    height = max(0.0, y - SPACE)
    column = _svg(graph, boxes, "100%", height)
    if not lines:
        return column
    return tag("div", tag("svg", *lines, width=_RAIL, height=height + 2, aria_hidden="true"), column, class_="rail")


def _rail_order(graph: Graph, linked: Sequence[int]) -> list[int]:
    """Return the nodes with those that are connected together, in the order of their layers; those without edges last."""
    place = {node: index for index, node in enumerate(linked)}
    layout = arrange(len(linked), [(place[edge.start], place[edge.end]) for edge in graph.edges])
    order = [linked[node] for layer in layout.layers for node in layer if node < layout.count]
    part = {node: node for node in linked}
    for edge in graph.edges:  # few nodes: each edge joins two parts
        old, new = part[edge.end], part[edge.start]
        part = {node: new if number == old else number for node, number in part.items()}
    first = {number: position for position, number in reversed([*enumerate(part[node] for node in order)])}
    order.sort(key=lambda node: first[part[node]])
    return [*order, *(index for index in range(len(graph.nodes)) if index not in place)]


def _svg(graph: Graph, content: Sequence[Html], width: float | str, height: float) -> Html:
    label = f"Graph of {counted(len(graph.nodes), 'task')}. The list below describes them."
    return tag("svg", *content, role="img", aria_label=label, width=width, height=height + 2)


def _line(corners: Sequence[tuple[float, float, float]], edge: Edge) -> Html:
    """Return a curve from the right side of the first box to the left side of the last one, through the others."""
    backwards = corners[0][0] > corners[-1][0]
    points: list[tuple[float, float]] = []
    for index, (x, y, height) in enumerate(corners):
        centre = y + height / 2 + (0 if edge.kind == "submits" else 6)
        sides = (x + WIDTH, x) if backwards else (x, x + WIDTH)
        points += (
            [(sides[1], centre)]
            if index == 0
            else [(sides[0], centre)]
            if index == len(corners) - 1
            else [(side, centre) for side in sides]
        )
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


def _height(node: Node, graph: Graph) -> float:
    return _top(node) + 18.0 + 17 * len(_lines(node, graph))


def _top(node: Node) -> int:
    """Return the position of the name: below the part of it that other tasks share, if there is one."""
    return 40 if "/" in node.name else 26


def _lines(node: Node, graph: Graph) -> list[tuple[str, str]]:
    """Return the class and the text of each line below the name."""
    found: list[tuple[str, str]] = []
    if node.foreign:
        found.append(("note", "not in this release"))
    elif node.task and node.task.trigger:
        found.append(("note", f"trigger: {TRIGGERS[node.task.trigger]}"))
    if node.count:
        failed = f", {node.failed} failed" if node.failed else ""
        found.append(("bad" if node.failed else "good", f"{node.count} in this run{failed}"))
    if any(edge.start == edge.end and graph.nodes[edge.start] is node for edge in graph.edges):
        found.append(("note", "submits itself"))
    fields = fields_of(node.task.input_schema, deepest=0) if node.task else []
    found += [("field", f"{field.name}: {field.accepted}") for field in fields[:_FIELDS]]
    return [*found, ("field", f"and {len(fields) - _FIELDS} more")] if len(fields) > _FIELDS else found


def _box(node: Node, graph: Graph, x: float, y: float, height: float, width: str | None) -> Html:
    name, top = short_name(node.name), _top(node)
    inside = (float(width) if width else _NARROWEST) - 28
    small, large = int(inside / _SMALL), int(inside / _LARGE)
    version = clip(node.version, 10)
    lines = [
        tag("text", clip(content, small), x=14, y=top + 21 + 17 * index, class_=kind)
        for index, (kind, content) in enumerate(_lines(node, graph))
    ]
    state = "foreign" if node.foreign else f"is-{node.change}" if node.change else ""
    content = (
        tag("title", f"{node.name} {node.version}"),
        tag("rect", x=0.5, y=0.5, width=float(width) - 1 if width else None, height=height - 1, rx=8, class_="frame"),
        tag("text", clip(node.name.removesuffix(name).rstrip("/"), small), x=14, y=20, class_="prefix")
        if "/" in node.name
        else None,
        tag("text", clip(name, large - len(version)), tag("tspan", f"  {version}", class_="version"), x=14, y=top, class_="name"),
    )
    return tag("svg", *content, join(lines), x=x, y=y, width=width, height=height, class_=f"box {state}".strip())


def describe_edges(edges: Sequence[Edge], nodes: Sequence[Node]) -> Mapping[int, list[str]]:
    """Return what each task submits and waits for, in words, by the index of the task."""
    found: dict[int, list[str]] = {}
    for edge in edges:
        times = f" ({edge.count} times)" if edge.count > 1 else "" if edge.count else " (in the source)"
        if edge.kind == "submits":
            found.setdefault(edge.start, []).append(f"submits {short_name(nodes[edge.end].name)}{times}")
        else:
            found.setdefault(edge.end, []).append(f"waits for {short_name(nodes[edge.start].name)}{times}")
    return found
