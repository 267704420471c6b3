"""Test files have different names: pytest imports them as top-level modules, and refuses the second one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_names_are_unique():
    names = Counter(path.name for path in TESTS.rglob("*.py") if path.name not in {"__init__.py", "conftest.py"})
    assert [name for name, count in names.items() if count > 1] == []
