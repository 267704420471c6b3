"""The documentation is whole: generated pages are up to date, and no link leads nowhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hatch_tilebox.cli.app import _COMMANDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_the_reference_of_the_command_line_is_up_to_date():
    """If this fails: python docs/cli_reference.py"""
    spec = importlib.util.spec_from_file_location("cli_reference", DOCS / "cli_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.cli_reference()


def test_every_command_says_what_it_prints():
    """`schema` prints a schema, whatever is asked for."""
    page = (DOCS / "reference" / "cli.md").read_text("utf-8")
    sections = dict(re.findall(r"\n## `(\w+)`\n(.*?)(?=\n## |\Z)", page, re.DOTALL))
    assert list(sections) == list(_COMMANDS)
    assert [name for name, text in sections.items() if "With `--json`: " not in text] == ["schema"]


def test_the_site_builds_without_a_warning(tmp_path):
    """Strict: a link or an anchor that leads nowhere, or a page that no menu shows, is an error."""
    pytest.importorskip("mkdocs", reason="belongs to the dependency group docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (tmp_path / "site" / "reference" / "cli" / "index.html").is_file()


def test_every_command_that_needs_no_account_has_a_picture():
    """If this fails: python docs/screens.py"""
    pictures = {path.stem for path in (DOCS / "screens").glob("*.svg")}
    assert set(_COMMANDS) - pictures == {"deploy", "undeploy", "schema"}
    for path in (DOCS / "screens").glob("*.svg"):
        assert "Traceback" not in path.read_text("utf-8")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there_for_every_shell(shell):
    code = "from hatch_tilebox.cli import main; main()"
    environment = {**os.environ, "_HATCH_TILEBOX_COMPLETE": f"{shell}_source"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "hatch-tilebox" in done.stdout
    assert f"_HATCH_TILEBOX_COMPLETE={shell}_source" in (DOCS / "reference" / "cli.md").read_text("utf-8")


def test_completion_knows_commands_and_options():
    code = "from hatch_tilebox.cli import main; main()"
    environment = {**os.environ, "_HATCH_TILEBOX_COMPLETE": "bash_complete", "COMP_WORDS": "hatch-tilebox ch", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plain,check"]
    environment.update(COMP_WORDS="hatch-tilebox files --la", COMP_CWORD="2")
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["plain,--largest"]
