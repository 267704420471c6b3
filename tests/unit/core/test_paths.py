"""Paths with names from elsewhere in them, and files that may be something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hatch_tilebox.core.paths import inside, open_regular


def test_names_make_a_path_inside():
    assert inside(Path("store"), "blobs", "ab-1.0+x.json") == Path("store/blobs/ab-1.0+x.json")


@pytest.mark.parametrize("name", ["", ".", "..", "/etc", "a/b", "../a", "a\\b", "C:", "a\0b", "a\nb", "\ud800"])
def test_a_name_that_leads_elsewhere_is_refused(name):
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        inside(Path("store"), "blobs", name)


def test_only_files_are_opened(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    with open_regular(tmp_path / "file") as file:
        assert file.read() == b"content"
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "missing", "."):
        with pytest.raises(OSError):  # noqa: PT011 -- what the message says depends on the system
            open_regular(tmp_path / name)
