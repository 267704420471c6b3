"""What the documentation says of publishing."""

from __future__ import annotations

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


def section(page, title):
    """The text below a heading, to the next of its rank."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[2]


def test_the_commands_for_a_folder_work_as_printed(project, clean_env, tmp_path):
    (script,) = re.findall(r"^```sh\n(.*?)^```", section("how-to/publish.md", "To a folder"), re.DOTALL | re.MULTILINE)
    folder = project("single_file")
    commands = [line for line in script.splitlines() if not line.startswith("pip install")]
    assert len(commands) == 4
    env = {**clean_env, "PATH": os.pathsep.join([str(Path(sys.executable).parent), clean_env["PATH"]])}
    outputs = [
        subprocess.run(shlex.split(command), cwd=folder, env=env, check=True, capture_output=True, text=True).stdout
        for command in commands
    ]
    assert outputs[1].strip() in outputs[2]
    archive = folder / outputs[3].strip()
    assert archive.read_bytes() == (folder / outputs[0].strip()).read_bytes()


def test_the_reference_names_every_setting_and_its_default():
    table = section("reference/publish.md", "Settings")
    for setting in fields(Settings):
        row = re.search(rf"^\| `{setting.name.replace('_', '-')}` \| (.*?) \|", table, re.MULTILINE)
        assert row, setting.name
        if isinstance(setting.default, bool):
            assert row[1] == f"`{str(setting.default).lower()}`"
