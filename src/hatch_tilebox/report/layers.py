"""A layout of a directed graph in layers: every edge that is not part of a cycle goes from a layer to a later one. No drawing.

The method is that of Sugiyama, Tagawa and Toda (1981), with its simplest choices: layers by longest paths, and the order in a layer
by the mean position of the neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import count, islice, pairwise
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SWEEPS = 6
Pair = tuple[int, int]


@dataclass(frozen=True)
class Layers:
    """Nodes in layers. `routes` has, for each edge, the nodes on its way; those from `count` on only bend a line."""

    count: int
    layers: tuple[tuple[int, ...], ...]
    routes: Mapping[tuple[int, int], tuple[int, ...]]


def arrange(nodes: Sequence[int], edges: Iterable[Pair]) -> Layers:
    """Arrange the nodes, without edges from a node to itself."""
    pairs = sorted({(start, end) for start, end in edges if start != end})
    forward = _without_cycles(nodes, pairs)
    layers = _by_longest_path(nodes, forward.values())
    rank = {node: index for index, layer in enumerate(layers) for node in layer}
    first = max(nodes, default=-1) + 1
    free = count(first)
    routes: dict[Pair, tuple[int, ...]] = {}
    for pair in pairs:
        start, end = forward[pair]
        passed = layers[rank[start] + 1 : rank[end]]
        bends = tuple(islice(free, len(passed)))
        for layer, bend in zip(passed, bends, strict=True):
            layer.append(bend)
        way = (start, *bends, end)
        routes[pair] = way if pair == (start, end) else way[::-1]
    _order(layers, routes.values())
    return Layers(first, tuple(map(tuple, layers)), routes)


def _without_cycles(nodes: Sequence[int], pairs: Sequence[Pair]) -> dict[Pair, Pair]:
    """Map each edge to itself, or to its reverse if it closes a cycle."""
    following: defaultdict[int, list[int]] = defaultdict(list)
    for start, end in pairs:
        following[start].append(end)
    found: dict[Pair, Pair] = {}
    seen: set[int] = set()
    path: set[int] = set()

    def visit(node: int) -> None:
        seen.add(node)
        path.add(node)
        for child in following[node]:
            found[node, child] = (child, node) if child in path else (node, child)
            if child not in seen:
                visit(child)
        path.remove(node)

    has_parent = {end for _, end in pairs}
    for root in sorted(nodes, key=lambda node: (node in has_parent, node)):
        if root not in seen:
            visit(root)
    return found


def _by_longest_path(nodes: Sequence[int], edges: Iterable[Pair]) -> list[list[int]]:
    """Return the nodes by the number of edges on the longest path to them."""
    sorter = TopologicalSorter(dict.fromkeys(nodes, ()))
    for start, end in edges:
        sorter.add(end, start)
    sorter.prepare()
    layers = []
    while ready := sorter.get_ready():
        layers.append(sorted(ready))
        sorter.done(*ready)
    return layers or [[]]


def _order(layers: list[list[int]], routes: Iterable[tuple[int, ...]]) -> None:
    """Sort each layer by the mean position of the neighbours, alternately those before and after."""
    neighbours: defaultdict[int, list[int]] = defaultdict(list)
    for way in routes:
        for first, second in pairwise(way):
            neighbours[first].append(second)
            neighbours[second].append(first)
    forth = [(index, index - 1) for index in range(1, len(layers))]
    back = [(beside, index) for index, beside in reversed(forth)]
    for sweep in range(_SWEEPS):
        for index, beside in back if sweep % 2 else forth:
            own, other = _positions(layers[index]), _positions(layers[beside])
            means = sorted(
                (fmean([other[near] for near in neighbours[node] if near in other] or [own[node]]), node) for node in own
            )
            layers[index] = [node for _, node in means]


def _positions(layer: Sequence[int]) -> dict[int, float]:
    """Return the position of each node between the ends of its layer, which are 0 and 1."""
    return {node: position / max(1, len(layer) - 1) for position, node in enumerate(layer)}
