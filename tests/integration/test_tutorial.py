"""The tutorial, followed word for word in an empty folder by somebody who has only uv."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r'^```(\w+)(?: title="(.*?)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
# What differs from day to day and from machine to machine.
VARIABLE = re.compile(r"\d+(\.\d+)? (B|KiB|MiB|s)\b|Python [\d.]+|tilebox-workflows [\d.]+")


def words(text):
    """Lines as they read, without what varies."""
    return [" ".join(VARIABLE.sub("#", line).split()) for line in text.splitlines()]


@pytest.mark.runtime
def test_the_tutorial_is_true(tmp_path, frontend_env):
    folder, tools = tmp_path / "empty", tmp_path / "tools"
    folder.mkdir()
    environment = {
        **frontend_env,
        "PATH": os.pathsep.join([str(tools / "bin"), frontend_env["PATH"]]),
        "UV_TOOL_DIR": str(tools),
        "UV_TOOL_BIN_DIR": str(tools / "bin"),
        "HATCH_TILEBOX_CACHE_DIR": str(tmp_path / "cache"),
        "COLUMNS": "120",
    }
    here, printed = folder, []
    for kind, title, text in BLOCK.findall(TUTORIAL.read_text("utf-8")):
        if kind == "sh":
            printed = []
            for line in text.splitlines():
                script = f"{line}\nstatus=$?\npwd > '{tmp_path}/here'\nexit $status"
                done = subprocess.run(
                    ["bash", "-c", script],
                    cwd=here,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    encoding="utf-8",
                    check=False,
                )
                assert done.returncode == 0, f"{line}\n{done.stdout}"
                here = Path((tmp_path / "here").read_text().rstrip("\n"))
                printed += words(done.stdout)
        elif title:
            (here / title).write_text(text)
        else:
            lines = iter(printed)
            for expected in filter(None, words(text)):
                assert any(expected in line for line in lines), f"not printed, or not in this order: {expected}\n" + "\n".join(
                    printed
                )
    assert here == folder / "scene-qa"
    assert [path.name for path in (here / "downloads").iterdir()] == ["scene_qa-0.1.0.tbrelease"]
