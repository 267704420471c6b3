"""A layout of a directed graph in layers: every edge that is not part of a cycle goes from a layer to a later one. No drawing.

The method is that of Sugiyama, Tagawa and Toda (1981), with its simplest choices: layers by longest paths, and the order in a layer
by the mean position of the neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SWEEPS = 6


@dataclass(frozen=True)
class Layers:
    """Nodes in layers. `routes` has, for each edge, the nodes on its way; those from `count` on only bend a line."""

    count: int
    layers: tuple[tuple[int, ...], ...]
    routes: Mapping[tuple[int, int], tuple[int, ...]]


def arrange(count: int, edges: Iterable[tuple[int, int]]) -> Layers:
    """Arrange the nodes from 0 to `count`, without edges from a node to itself."""
    pairs = sorted({(start, end) for start, end in edges if start != end})
    forward = _without_cycles(count, pairs)
    ranks = _ranks(count, set(forward.values()))
    layers: list[list[int]] = [[] for _ in range(max(ranks, default=0) + 1)]
    for node, rank in enumerate(ranks):
        layers[rank].append(node)
    routes: dict[tuple[int, int], tuple[int, ...]] = {}
    free = count
    for pair in pairs:
        start, end = forward[pair]
        way = [start]
        for rank in range(ranks[start] + 1, ranks[end]):
            layers[rank].append(free)
            way.append(free)
            free += 1
        way.append(end)
        routes[pair] = tuple(way if pair == (start, end) else reversed(way))
    _order(layers, routes.values())
    return Layers(count, tuple(map(tuple, layers)), routes)


def _without_cycles(count: int, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], tuple[int, int]]:
    """Map each edge to itself, or to its reverse if it closes a cycle."""
    following: list[list[int]] = [[] for _ in range(count)]
    for start, end in pairs:
        following[start].append(end)
    found = {}
    state = [0] * count  # 0 new, 1 on the current path, 2 done
    has_parent = {end for _, end in pairs}
    for root in sorted(range(count), key=lambda node: (node in has_parent, node)):
        if state[root]:
            continue
        state[root] = 1
        path = [(root, iter(following[root]))]
        while path:
            node, rest = path[-1]
            child = next(rest, None)
            if child is None:
                state[node] = 2
                path.pop()
            else:
                found[node, child] = (child, node) if state[child] == 1 else (node, child)
                if state[child] == 0:
                    state[child] = 1
                    path.append((child, iter(following[child])))
    return found


def _ranks(count: int, edges: set[tuple[int, int]]) -> list[int]:
    """Return the layer of each node: the number of edges on the longest path to it."""
    ranks, waiting = [0] * count, [0] * count
    following: list[list[int]] = [[] for _ in range(count)]
    for start, end in sorted(edges):
        following[start].append(end)
        waiting[end] += 1
    ready = [node for node in range(count) if not waiting[node]]
    for node in ready:  # grows meanwhile
        for child in following[node]:
            ranks[child] = max(ranks[child], ranks[node] + 1)
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return ranks


def _order(layers: list[list[int]], routes: Iterable[tuple[int, ...]]) -> None:
    """Sort each layer by the mean position of the neighbours, alternately those before and after."""
    neighbours: dict[int, list[int]] = {}
    for way in routes:
        for first, second in pairwise(way):
            neighbours.setdefault(first, []).append(second)
            neighbours.setdefault(second, []).append(first)
    rank = {node: index for index, layer in enumerate(layers) for node in layer}
    for sweep in range(_SWEEPS):
        back = -1 if sweep % 2 == 0 else 1
        for index in range(len(layers)) if back == -1 else reversed(range(len(layers))):
            beside = index + back
            if 0 <= beside < len(layers):
                place = {node: position / max(1, len(layers[beside]) - 1) for position, node in enumerate(layers[beside])}
                own = {node: position / max(1, len(layers[index]) - 1) for position, node in enumerate(layers[index])}
                weight = {
                    node: fmean([place[other] for other in neighbours.get(node, ()) if rank[other] == beside] or [own[node]])
                    for node in layers[index]
                }
                layers[index].sort(key=lambda node, weight=weight: (weight[node], node))  # type: ignore[misc]  # mypy does not infer it
