"""The table of next commands."""

from __future__ import annotations

import pytest

from hatch_tilebox.cli.group_help import COMMANDS
from hatch_tilebox.cli.next_command import _NEXT

ONLY_SHOW = {
    "files", "projects", "inspect", "diff", "report", "extract", "releases", "clusters", "cache", "completion", "explain", "schema"
}  # fmt: skip
"""Commands after which anything may follow."""


def test_every_command_is_in_the_table_or_only_shows_something():
    assert {name.split()[0] for name in _NEXT} == set(COMMANDS) - ONLY_SHOW


@pytest.mark.parametrize("line", _NEXT.values())
def test_what_follows_is_a_command(line):
    assert line.partition("hatch-tilebox")[2].removeprefix("{here}").split("{")[0].split()[0].strip(",") in COMMANDS


def test_a_pipe_gets_none(invoke, small_project):
    result = invoke("check", small_project())
    assert result.exit_code == 0
    assert "Next:" not in result.output
