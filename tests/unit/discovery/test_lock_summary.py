"""The summary of a lock is kept in the cache, so that a lock is read again only if it changes."""

from __future__ import annotations

import hashlib

import pytest

from hatch_tilebox.core.model import FileEntry, FileSet, SelectedFile
from hatch_tilebox.core.uv_lock import UvLock, parse_lock, selected_lock
from hatch_tilebox.discovery.cache import Cache
from hatch_tilebox.discovery.lock_summary import LockSource, LockSummary, selected_summary, summarize

LOCK = """
version = 1
[options]
prerelease-mode = "allow"
[manifest]
constraints = []
overrides = [{ name = "numpy" }]
[[package]]
name = "numpy"
version = "2"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "http://localhost:8000/numpy.whl" }, { url = "https://files.pythonhosted.org/numpy.whl" }]
[[package]]
name = "tools"
version = "1"
source = { registry = "wheels" }
wheels = [{ path = "tools.whl" }, { path = "tools2.whl" }]
[[package]]
name = "flow"
version = "1"
source = { editable = "." }
"""
SUMMARY = LockSummary(
    sources=(
        LockSource("registry", "https://pypi.org/simple", ("numpy",)),
        LockSource("url", "http://localhost:8000", ("numpy",)),
        LockSource("registry", "wheels", ("tools",)),
        LockSource("editable", ".", ("flow",)),
    ),
    options=("prerelease-mode",),
    manifest=("overrides",),
    in_project=(("tools", "wheels/tools.whl", "wheels/tools2.whl"),),
)


@pytest.fixture
def locked(tmp_path):
    """A function that writes a lock, and returns the files of a release with their entries."""

    def write(text):
        path = tmp_path / "uv.lock"
        path.write_text(text)
        entry = FileEntry("uv.lock", len(text), "0644", hashlib.sha256(text.encode()).hexdigest())
        return FileSet(tmp_path, (SelectedFile("uv.lock", str(path), len(text)),)), [entry]

    return write


def test_what_a_summary_has():
    assert summarize(parse_lock(LOCK)) == SUMMARY


@pytest.mark.parametrize(("source", "outside"), [("../other", True), ("/opt/other", True), ("C:/other", True), ("other", False)])
def test_packages_outside_the_project(source, outside):
    lock = parse_lock(f'version = 1\n[[package]]\nname = "other"\nversion = "1"\nsource = {{ directory = "{source}" }}\n')
    assert summarize(lock).outside == outside


def test_the_lock_is_read_once(locked, tmp_path):
    cache = Cache(tmp_path / "cache")
    files, entries = locked(LOCK)
    assert selected_summary(files, entries, cache) == SUMMARY
    (tmp_path / "uv.lock").unlink()
    assert selected_summary(files, entries, cache) == SUMMARY


def test_another_lock_has_another_summary(locked, tmp_path):
    cache = Cache(tmp_path / "cache")
    selected_summary(*locked(LOCK), cache)
    assert selected_summary(*locked("version = 1\n"), cache) == LockSummary()


def test_a_damaged_record_is_ignored(locked, tmp_path):
    cache = Cache(tmp_path / "cache")
    files, entries = locked(LOCK)
    selected_summary(files, entries, cache)
    (record,) = (cache.root / "locks").iterdir()
    record.write_text("{")
    assert selected_summary(files, entries, cache) == SUMMARY


def test_a_lock_that_changes_during_the_build_is_not_kept(locked, tmp_path):
    cache = Cache(tmp_path / "cache")
    files, entries = locked(LOCK)
    (tmp_path / "uv.lock").write_text("version = 1\n")
    assert selected_summary(files, entries, cache) == LockSummary()
    locked(LOCK)
    assert selected_summary(files, entries, cache) == SUMMARY


def test_without_a_lock_and_with_a_damaged_one(locked, tmp_path):
    cache = Cache(tmp_path / "cache")
    assert selected_summary(FileSet(tmp_path, ()), [], cache) is None
    files, entries = locked("[")
    assert selected_lock(files) == UvLock()
    assert selected_summary(files, entries, cache) == LockSummary()
