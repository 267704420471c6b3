from __future__ import annotations

import os

import pytest

from hatch_tilebox.publish.tilebox.tool import find_tool


@pytest.fixture
def folder(tmp_path):
    """A folder with a program `tilebox`."""
    program = tmp_path / "bin" / "tilebox"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program.parent


def test_the_tool_is_found_in_absolute_folders_of_path_alone(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for path in ("", ".", os.pathsep, os.pathsep.join((".", "../bin", "/nowhere"))):
        monkeypatch.setenv("PATH", path)
        assert find_tool() is None
    monkeypatch.setenv("PATH", os.pathsep.join((".", "/nowhere", str(folder))))
    assert find_tool() == folder / "tilebox"
