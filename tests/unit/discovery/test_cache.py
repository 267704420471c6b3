"""Where environments are kept: what the system refuses there is a user's mistake, and said."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.discovery.cache import cache_info, open_cache


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.raises(DiscoveryError) as error, open_cache(keep=True):
        pass
    (problem,) = error.value.problems
    assert problem.message.startswith(f"{tmp_path}/file/cache, where builds create environments, cannot be used: ")
    assert problem.hint == "give yourself write permission, or name another folder with HATCH_TILEBOX_CACHE_DIR"
    assert cache_info().environments == 0


def fill(path):
    path.symlink_to("/dev/full")
    path.write_text("x")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has a device that is always full")
@pytest.mark.parametrize(("keep", "variable"), [(True, "HATCH_TILEBOX_CACHE_DIR"), (False, "TMPDIR")])
def test_a_disk_that_is_full(keep, variable, tmp_path, monkeypatch):
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path))
    with pytest.raises(DiscoveryError, match="No space left on device") as error, open_cache(keep=keep) as store:
        fill(store.root / "full")
    assert error.value.problems[0].hint.startswith("free some space, or name another folder")
    assert variable in error.value.problems[0].hint


def test_other_errors_are_none_of_the_stores(tmp_path, monkeypatch):
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(FileNotFoundError), open_cache(keep=True):
        (tmp_path / "nothing").read_text()


@pytest.mark.parametrize("place", ["/proc/nobody/home/.cache/hatch-tilebox", "file/.cache/hatch-tilebox", "file", "loop/cache"])
def test_a_home_that_is_not_ours_to_write_is_told(place, tmp_path, monkeypatch):
    """Missing folders above it cannot be created, something else is in the place of one, or links go round in circles."""
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    folder = tmp_path / place
    if folder.is_relative_to("/proc") and not Path("/proc/self").exists():
        pytest.skip("there is no such file system")
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(folder))
    with pytest.raises(DiscoveryError, match=r"(?s)cannot be used: .*HATCH_TILEBOX_CACHE_DIR"), open_cache(keep=True) as store:
        store.write("results", "key", {})


@pytest.mark.parametrize("keep", [True, False])
def test_no_folder_for_temporary_files_is_told(keep, tmp_path, monkeypatch):
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [str(tmp_path / "missing")])
    with pytest.raises(DiscoveryError, match=r"(?s)no folder for temporary files.*TMPDIR"), open_cache(keep=keep):
        pass


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_the_cache_is_closed_to_others(cache):
    cache.mkdir(mode=0o755)
    with open_cache(keep=True):
        assert {path.stat().st_mode & 0o777 for path in (cache, cache / "environments", cache / "results")} == {0o700}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
@pytest.mark.parametrize("name", [".", "environments", "results"])
@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_in_is_refused(cache, name, mode):
    (cache / name).mkdir(parents=True, exist_ok=True)
    (cache / name).chmod(mode)
    with pytest.raises(DiscoveryError, match="other users may write in the cache") as error, open_cache(keep=True):
        pass
    assert "--no-cache" in error.value.problems[0].hint


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_another_user_is_refused(cache):
    cache.mkdir(mode=0o700)
    os.chown(cache, 12345, 12345)
    with pytest.raises(DiscoveryError, match="belongs to another user"), open_cache(keep=True):
        pass


def test_a_file_with_several_names_counts_once(cache, tmp_path):
    (cache / "results").mkdir(parents=True)
    (cache / "results" / "a").write_bytes(b"x" * 100)
    (cache / "results" / "b").hardlink_to(cache / "results" / "a")
    (tmp_path / "uv").write_bytes(b"x" * 1000)
    (cache / "results" / "c").hardlink_to(tmp_path / "uv")
    assert (cache_info().size, cache_info().freed) == (1100, 100)
