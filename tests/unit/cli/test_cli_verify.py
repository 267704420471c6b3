"""Options of `verify` that are refused before anything is done."""

from __future__ import annotations

import pytest
from hand_made_releases import write_release


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rebuild", "a.tbrelease"], "before --rebuild"),
        (["--rebuild", "no/such/folder"], "does not exist"),
        (["--policy", "no-such.toml"], "does not exist"),
        (["--policy", "."], "is a directory"),
    ],
)
def test_a_wrong_value_is_a_usage_error(invoke, tmp_path, options, words):
    result = invoke("verify", write_release(tmp_path / "tree", tmp_path), *options)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


def test_no_code_runs_if_a_rule_is_broken(invoke, tmp_path):
    """The release has no lock, so its worker cannot be prepared; that is never reached."""
    (tmp_path / "policy.toml").write_text("clean-tree = true\n")
    result = invoke("verify", write_release(tmp_path / "tree", tmp_path), "--policy", tmp_path / "policy.toml")
    assert result.exit_code == 1
    assert "TBX533" in result.stderr
    assert "Preparing the runtime" not in result.stderr
