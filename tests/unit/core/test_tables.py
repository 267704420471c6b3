"""Tables fit a terminal by dropping columns, and are whole elsewhere."""

from __future__ import annotations

import pytest

from hatch_tilebox.core.printable import cell_width
from hatch_tilebox.core.tables import Column, lay_out

COLUMNS = (Column("Task"), Column("Size", drop=1, right=True), Column("Note", drop=2))
ROWS = [("tilebox.com/a/CheckScene", "9 B", "new"), ("b", "10 KiB", "")]


def test_without_a_width_everything_is_shown_without_trailing_spaces():
    assert lay_out(COLUMNS, ROWS) == [
        "Task                        Size  Note",
        "tilebox.com/a/CheckScene     9 B  new",
        "b                         10 KiB",
    ]


@pytest.mark.parametrize(
    ("width", "titles"), [(38, "Task Size Note"), (37, "Task Size"), (32, "Task Size"), (31, "Task"), (5, "Task")]
)
def test_columns_are_dropped_in_the_stated_order(width, titles):
    assert lay_out(COLUMNS, ROWS, width)[0].split() == titles.split()


@pytest.mark.parametrize("width", range(1, 45))
def test_identifiers_are_never_folded(width):
    assert sum("tilebox.com/a/CheckScene" in line for line in lay_out(COLUMNS, ROWS, width)) == 1


def test_an_empty_column_is_dropped_before_others():
    assert lay_out(("Name", "Clusters", Column("Created", drop=1)), [("abc", "", "now")], 14) == ["Name  Created", "abc   now"]


def test_cells_that_may_not_be_dropped_are_put_below_the_first():
    assert lay_out(("Name", "Now", "Then"), [("a" * 30, "v1.0", "v1.1")], 32) == ["Name", "  Now  Then", "a" * 30, "  v1.0  v1.1"]


def test_wide_characters_are_aligned():
    assert cell_width("雲 é") == 4
    assert lay_out(("A", "B"), [("雲", "1"), ("x", "2")]) == ["A   B", "雲  1", "x   2"]


def test_controls_and_logins_are_hidden():
    assert lay_out(("A",), [("\x1b[31mred",), ("https://me:pw@example.org",)])[1:] == ["\\x1b[31mred", "https://example.org"]
