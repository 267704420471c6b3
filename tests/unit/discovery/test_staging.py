from __future__ import annotations

import hashlib
import os
import shutil
import sys

import pytest

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.core.model import FileEntry, FileSet, SelectedFile
from hatch_tilebox.discovery.staging import changed_paths, stage


@pytest.fixture
def project(tmp_path):
    """A function from paths with contents to files and entries."""
    root = tmp_path / "root"

    def make(**contents):
        files, entries = [], []
        for name, content in contents.items():
            path = name.replace("__", "/")
            source = root / path
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(content)
            files.append(SelectedFile(path, str(source), len(content), executable=path == "run"))
            entries.append(FileEntry(path, len(content), files[-1].mode, hashlib.sha256(content).hexdigest()))
        return FileSet(root, tuple(files)), entries

    return make


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_exactly_the_files(project, tmp_path):
    files, entries = project(a=b"1", b__c=b"2", run=b"3")
    stage(files, entries, tmp_path / "s")
    assert listing(tmp_path / "s") == ["a", "b/c", "run"]
    assert (tmp_path / "s/b/c").read_bytes() == b"2"
    assert not (tmp_path / "s/a").is_symlink()
    assert changed_paths(tmp_path / "s", entries) == []
    if sys.platform != "win32":
        assert os.access(tmp_path / "s/run", os.X_OK)
        assert not os.access(tmp_path / "s/a", os.X_OK)


def test_again_after_changes_on_both_sides(project, tmp_path):
    target = tmp_path / "s"
    stage(*project(a=b"1", b__c=b"2", old__d=b"3"), target)
    untouched = (target / "a").stat().st_ino
    (target / "b/c").write_bytes(b"X")
    (target / "new").mkdir()
    (target / "new/file").touch()
    (target / "link").symlink_to(tmp_path)
    shutil.rmtree(tmp_path / "root/old")
    files, entries = project(a=b"1", b__c=b"2", old=b"a file where a folder was")
    assert changed_paths(target, entries) == ["b/c", "link", "new/file", "old", "old/d"] or sys.platform == "win32"
    stage(files, entries, target)
    assert listing(target) == ["a", "b/c", "old"]
    assert (target / "b/c").read_bytes() == b"2"
    assert (target / "a").stat().st_ino == untouched
    assert not (target / "link").exists()


def test_what_a_build_made_may_stay(project, tmp_path):
    files, entries = project(a=b"1")
    stage(files, entries, tmp_path / "s")
    (tmp_path / "s/pkg").mkdir()
    (tmp_path / "s/pkg/native.so").touch()
    (tmp_path / "s/pkg/other").touch()
    stage(files, entries, tmp_path / "s", keep=["pkg/native.so"])
    assert listing(tmp_path / "s") == ["a", "pkg/native.so"]


def test_times_stand_for_contents(project, tmp_path):
    """A new content of the same size has another whole second, and an old one its old second: bytecode stays right."""
    times = []
    for content in (b"one", b"two", b"one"):
        stage(*project(a=content), tmp_path / "s")
        times.append((tmp_path / "s/a").stat().st_mtime)
    assert times[0] == times[2] != times[1]
    assert int(times[0]) == times[0]


def test_a_file_that_is_no_longer_what_was_hashed(project, tmp_path):
    files, entries = project(a=b"1", b=b"2")
    (files.root / "b").write_bytes(b"3")
    with pytest.raises(DiscoveryError, match="b changed while the release was built"):
        stage(files, entries, tmp_path / "s")
