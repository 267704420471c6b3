"""Source lines in messages come from files that anybody may have written."""

from __future__ import annotations

import json
import unicodedata

import pytest
from shapes_support import in_process

PYPROJECT = '[project]\nname = "flow"\nversion = "1"\ndependencies = ["tilebox"]\n'
WORKFLOW = '[workflow]\nslug = "flow"\nrunner = "runner:runner"\n[build]\ninclude = ["**"]\n'
BEFORE = "\u202e\u2066\u200b\u00ad\U000e0041"
"""Characters that TOML allows in a comment or a string, and that hide or reorder text."""


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "runner.py").write_text("runner = 1\n")
    return root


def is_harmless(text):
    return not any(unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp"} for character in text.replace("\n", ""))


@pytest.mark.parametrize("options", [(), ("--output-format", "github"), ("--output-format", "gitlab"), ("--fix",)])
@pytest.mark.parametrize(
    "line",
    [
        f'slog = "{BEFORE}" # {BEFORE}',
        f'"sl{BEFORE}og" = 1',
        '"slo\\u001b[2J\\u009b31mg" = 1',
        "slog = 1 # " + "\u0301" * 5000 + "x" * 200_000,
        '"\\n::error::forged\\n" = 1',
    ],
    ids=["string", "key", "escapes", "long", "lines"],
)
def test_no_line_controls_a_terminal_or_a_log(project, line, options):
    (project / "tilebox.workflow.toml").write_text(WORKFLOW.replace("[build]", f"{line}\n[build]"), "utf-8")
    code, output = in_process(["check", *options, project], {})
    assert code == 1, output
    assert is_harmless(output)
    if "github" in options:
        assert all(item.startswith("::error file=") for item in output.splitlines())
    elif "gitlab" in options:
        assert all(len(finding["description"]) < 1000 for finding in json.loads(output))
    elif "--fix" not in options:
        assert "error[TBX012]" in output
        assert max(map(len, output.splitlines())) < 6000


def test_a_line_that_changes_while_it_is_read_is_no_traceback(project):
    """The place is past the end of the file, and the file is not text any more."""
    config = project / "tilebox.workflow.toml"
    config.write_bytes(b"[workflow]\nslug = \xff\n")
    code, output = in_process(["check", project], {})
    assert code == 1
    assert "error[TBX003]: not UTF-8 text" in output
    assert "Traceback" not in output


def test_logins_in_a_source_line_are_not_shown(project):
    text = PYPROJECT.replace('["tilebox"]', '["tilebox @ https://user:hunter2@example.com/tilebox.whl", 3]')
    (project / "pyproject.toml").write_text(text)
    (project / "tilebox.workflow.toml").write_text(WORKFLOW)
    for options in ((), ("--json",), ("--output-format", "github"), ("--output-format", "gitlab")):
        code, output = in_process(["check", *options, project], {})
        assert code == 1
        assert "hunter2" not in output
