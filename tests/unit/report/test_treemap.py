"""The areas of treemaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatch_tilebox.report.sizes import Piece
from hatch_tilebox.report.treemap import MOST, Area, squarify, treemap

WHOLE = Area(0, 0, 300, 200)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=60).map(lambda sizes: sorted(sizes, reverse=True)))
def test_areas_are_in_proportion_and_fill_the_whole(sizes):
    areas = squarify(sizes, WHOLE)
    assert len(areas) == len(sizes)
    for size, area in zip(sizes, areas, strict=True):
        assert area.width * area.height == pytest.approx(60000 * size / sum(sizes), rel=1e-6, abs=1e-6)
        assert area.x >= -1e-6
        assert area.y >= -1e-6
        assert area.x + area.width <= 300 + 1e-6
        assert area.y + area.height <= 200 + 1e-6


def test_equal_sizes_are_close_to_squares():
    assert all(0.5 < area.width / area.height < 2 for area in squarify([1] * 12, WHOLE))


def test_small_pieces_share_one_area_and_a_row_of_the_table_each():
    pieces = [Piece(f"data/{index}.bin", "data", 1000 - index) for index in range(150)] + [Piece("empty", "top level", 0)]
    page = treemap("Files", pieces)
    assert page.count('<rect width="100%"') == 2 * (MOST + 1)
    assert "70 smaller" in page
    assert "data/149.bin" in page
    assert "151 parts" in page


def test_no_pieces_at_all():
    assert "0 parts, 0 B" in treemap("Files", [])
    assert "1 parts" not in treemap("Files", [Piece("a", "top level", 0)])
