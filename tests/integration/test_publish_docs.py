"""What the documentation says of publishing."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from hatch_tilebox.publish.settings import Settings

pytestmark = pytest.mark.frontends

DOCS = Path(__file__, "../../../docs").resolve()


@pytest.fixture
def run(project, clean_env, tmp_path):
    """A function that runs a command line in a workflow project."""
    folder = project("single_file")
    env = {**clean_env, "PATH": os.pathsep.join([str(Path(sys.executable).parent), clean_env["PATH"]])}

    def run(command):
        done = subprocess.run(shlex.split(command), cwd=folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        done.folder = folder
        return done

    return run


def section(page, title):
    """The text below a heading, to the next of its rank."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[2]


@pytest.mark.parametrize(
    ("page", "title"), [("how-to/publish.md", "To a folder"), ("../README.md", "Publish it")], ids=["how-to", "readme"]
)
def test_the_commands_for_a_folder_work_as_printed(run, page, title):
    (script,) = re.findall(r"^```sh\n(.*?)^```", section(page, title), re.DOTALL | re.MULTILINE)
    commands = [line for line in script.splitlines() if not line.startswith(("pip install", "hatch-tilebox build"))]
    assert len(commands) == 3
    archive = run("hatch-tilebox build")
    published, listed, fetched = map(run, commands)
    assert published.stdout.strip() in listed.stdout
    assert Path(fetched.folder, fetched.stdout.strip()).read_bytes() == Path(archive.folder, archive.stdout.strip()).read_bytes()


def test_a_release_that_starts_is_published_with_verify(run):
    run("hatch-tilebox build")
    assert json.loads(run("hatch-tilebox publish --to ./releases --verify --json").stdout)["created"] is True


def test_the_reference_names_every_setting_and_its_default():
    table = section("reference/publish.md", "Settings")
    for setting in fields(Settings):
        row = re.search(rf"^\| `{setting.name.replace('_', '-')}` \| (.*?) \|", table, re.MULTILINE)
        assert row, setting.name
        if isinstance(setting.default, bool):
            assert row[1] == f"`{str(setting.default).lower()}`"
