"""The record in an sdist of files that do not belong to the release: followed, explained, and checked."""

from __future__ import annotations

import os
import sys

import pytest

from hatch_tilebox.core.errors import SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.explain import explain
from hatch_tilebox.selection.sdist_record import SdistRecord, record_of
from hatch_tilebox.selection.select import select_files

ALL = (Pattern("**"),)


@pytest.fixture
def unpacked(tmp_path):
    """An sdist into which hatchling put an ignore file of the folder above."""
    for name in ("runner.py", "model.json", "scratch.py"):
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("*.json\n")
    record = SdistRecord(frozenset({".gitignore", "scratch.py"}), frozenset({".gitignore"}))
    (tmp_path / ".tilebox-sdist.json").write_bytes(record.to_json())
    return tmp_path


def test_the_record_decides(unpacked):
    files = select_files(unpacked, ALL)
    assert [file.path for file in files.files] == ["model.json", "runner.py"]


def test_it_is_explained(unpacked):
    explanation = explain(unpacked, ALL, (), "scratch.py")
    assert ".tilebox-sdist.json: the release of the project of this sdist does not contain scratch.py" in explanation.reason
    assert explain(unpacked, ALL, (), "model.json").selected


def test_an_sdist_of_the_sdist_has_the_same_record(unpacked):
    held = ["runner.py", "model.json", "scratch.py", ".gitignore", ".tilebox-sdist.json", "PKG-INFO"]
    record = record_of(select_files(unpacked, ALL), ALL, (), held)
    assert record.to_json() == (unpacked / ".tilebox-sdist.json").read_bytes()


def test_only_what_patterns_select_is_recorded(tmp_path):
    (tmp_path / "runner.py").write_text("")
    include, exclude = (Pattern("**/*.py"),), (Pattern("tests/**"),)
    held = ["runner.py", "README.md", "tests/test_it.py", "extra/generated.py", "pkg.egg-info/x.py", "sub/.gitignore"]
    record = record_of(select_files(tmp_path, include, exclude), include, exclude, held)
    assert record == SdistRecord(frozenset({"extra/generated.py"}), frozenset({"sub/.gitignore"}))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"1", b'{"left-out": []}', b'{"left-out": [1], "unread": []}', b"\xff", b"[" * 100_000]
)
def test_a_damaged_record_is_an_error_that_names_it(unpacked, content):
    (unpacked / ".tilebox-sdist.json").write_bytes(content)
    with pytest.raises(SelectionError, match=r"\.tilebox-sdist\.json: cannot be read as the record of an sdist"):
        select_files(unpacked, ALL)


@pytest.mark.skipif(sys.platform == "win32", reason="has no named pipes")
@pytest.mark.parametrize("make", [os.mkdir, getattr(os, "mkfifo", None)])
def test_a_record_that_is_no_file_is_an_error(unpacked, make):
    (unpacked / ".tilebox-sdist.json").unlink()
    make(unpacked / ".tilebox-sdist.json")
    with pytest.raises(SelectionError, match=r"\.tilebox-sdist\.json: cannot be read"):
        select_files(unpacked, ALL)


def test_what_setuptools_writes_is_never_shipped(tmp_path):
    (tmp_path / "flow.egg-info").mkdir()
    (tmp_path / "flow.egg-info" / "SOURCES.txt").write_text("")
    (tmp_path / "runner.py").write_text("")
    assert [file.path for file in select_files(tmp_path, ALL).files] == ["runner.py"]
