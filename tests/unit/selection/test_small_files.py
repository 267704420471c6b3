"""Small files are read while they are selected, and the selection is the same."""

from __future__ import annotations

import os

import pytest

from hatch_tilebox.archive.source import read_small_files
from hatch_tilebox.core import small_files
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.core.small_files import SMALL_FILE, SmallFiles
from hatch_tilebox.selection.select import select_files

EVERYTHING = [Pattern("**")]
SIZES = {"empty.py": 0, "small.py": 3, "pkg/limit.bin": SMALL_FILE, "pkg/large.bin": SMALL_FILE + 1, "run.sh": 5}


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "project"
    for path, size in SIZES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(os.urandom(size))
    (root / "run.sh").chmod(0o755)
    return root


def on_disk(files):
    return {file.path: file.source.read_bytes() for file in files.files if file.size <= SMALL_FILE}


def test_the_selection_is_the_same(project):
    contents = SmallFiles()
    files = select_files(project, EVERYTHING, contents=contents)
    assert files == select_files(project, EVERYTHING)
    assert {file.path: file.size for file in files.files} == SIZES
    assert os.name == "nt" or contents == on_disk(files)
    assert read_small_files(files, contents) == on_disk(files) == read_small_files(files)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_are_read_later(project):
    (project / "link.py").symlink_to("small.py")
    contents = SmallFiles()
    files = select_files(project, EVERYTHING, contents=contents)
    assert "link.py" not in contents
    assert read_small_files(files, contents)["link.py"] == (project / "small.py").read_bytes()


def test_no_more_is_kept_than_the_limit(project, monkeypatch):
    monkeypatch.setattr(small_files, "KEPT_BYTES", SMALL_FILE + 7)
    contents = SmallFiles()
    files = select_files(project, EVERYTHING, contents=contents)
    read_small_files(files, contents)
    assert "pkg/limit.bin" not in contents, "the files before it have taken 8 bytes"
    assert contents.items() < on_disk(files).items()


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes in folders of Windows")
def test_what_is_not_a_file_any_more_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    contents = SmallFiles()
    for name in ("pipe", "folder", "missing"):
        assert contents.read(name, str(tmp_path / name)) is None
    assert contents == {}
