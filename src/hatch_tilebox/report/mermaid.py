"""The graph of tasks as a Mermaid flowchart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.report.graph_chart import TRIGGERS, short_name
from hatch_tilebox.report.html import clip

if TYPE_CHECKING:
    from hatch_tilebox.report.graph import Edge, Graph, Node

_LONGEST = 60


def mermaid_graph(graph: Graph) -> str:
    """Return the flowchart. Solid lines submit, thick ones run before; dotted lines are read from the source."""
    lines = ["flowchart LR"]
    lines += [f'  t{index}["{_label(node)}"]' for index, node in enumerate(graph.nodes)]
    lines += [f"  t{edge.start} {_arrow(edge)} t{edge.end}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _label(node: Node) -> str:
    parts = [_encode(short_name(node.name)), _encode(node.version)]
    if node.task and node.task.trigger:
        parts.append(TRIGGERS[node.task.trigger])
    if node.count:
        parts.append(f"{node.count} in this run")
    return "<br/>".join(parts)


def _arrow(edge: Edge) -> str:
    if not edge.count:
        return "-.->" if edge.kind == "submits" else "-. before .->"
    times = f"|{edge.count} times| " if edge.count > 1 else ""
    return f"{'-->' if edge.kind == 'submits' else '==>'}{times}".rstrip()


def _encode(value: str) -> str:
    """Return a text in which only letters, digits and spaces are not encoded, because labels may contain HTML."""
    return "".join(char if char.isalnum() or char == " " else f"#{ord(char)};" for char in clip(value, _LONGEST))
