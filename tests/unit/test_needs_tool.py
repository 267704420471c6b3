"""A test that needs a missing program is skipped, and fails in CI."""

from __future__ import annotations

import pytest
from conftest_tools import needs_tool


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_tool(ci, outcome, monkeypatch):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no-such-tool: not installed here"):
        needs_tool("git", "no-such-tool")
