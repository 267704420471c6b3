"""The layout of graphs in layers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_tilebox.report.layers import arrange

graphs = st.integers(1, 12).flatmap(
    lambda count: st.tuples(st.just(count), st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30))
)


@given(graphs)
def test_every_node_is_placed_once_and_every_line_crosses_one_layer_at_a_time(graph):
    count, edges = graph
    layout = arrange(range(count), edges)
    placed = [node for layer in layout.layers for node in layer]
    assert len(placed) == len(set(placed))
    assert set(range(count)) <= set(placed)
    rank = {node: index for index, layer in enumerate(layout.layers) for node in layer}
    assert set(layout.routes) == {(start, end) for start, end in edges if start != end}
    for (start, end), way in layout.routes.items():
        assert (way[0], way[-1]) == (start, end)
        assert len({rank[second] - rank[first] for first, second in pairwise(way)} - {1}) == 0 or all(
            rank[second] - rank[first] == -1 for first, second in pairwise(way)
        )


def test_an_order_without_crossings_is_found():
    layout = arrange(range(6), [(0, 5), (1, 4), (2, 3)])
    assert [layout.layers[0].index(node) for node in (0, 1, 2)] == [layout.layers[1].index(node) for node in (5, 4, 3)]


@pytest.mark.parametrize("edges", [[], [(0, 0)], [(0, 1), (1, 0)], [(0, 1), (1, 2), (2, 0)]])
def test_cycles_and_empty_graphs(edges):
    assert arrange(range(3), edges).count == 3
    assert arrange((), []).layers == ((),)
