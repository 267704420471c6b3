from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.discovery import run_uv
from hatch_tilebox.discovery.cache import Cache
from hatch_tilebox.discovery.run_uv import uv_version
from hatch_tilebox.discovery.uv import find_uv, require_uv, search_path


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No uv to be found, and a function that makes one."""
    for name in ("UV", "HATCH_UV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "uv", None)

    def make(folder):
        path = tmp_path / folder / ("uv.exe" if os.name == "nt" else "uv")
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


def test_order(nowhere, monkeypatch):
    on_path = nowhere("bin")
    assert find_uv() == on_path
    by_hatch = nowhere("hatch")
    monkeypatch.setenv("HATCH_UV", str(by_hatch))
    assert find_uv() == by_hatch
    by_uv = nowhere("uv")
    monkeypatch.setenv("UV", str(by_uv))
    assert find_uv() == by_uv
    by_uv.unlink()
    assert find_uv() == by_hatch, "a variable that names nothing is passed over"


def test_none(nowhere):
    assert find_uv() is None
    with pytest.raises(DiscoveryError, match=r"uv is not found: looked at UV, HATCH_UV, PATH(?s:.*)pip install uv"):
        require_uv()


def test_the_package_comes_last(nowhere, monkeypatch):
    monkeypatch.delitem(sys.modules, "uv")
    uv = pytest.importorskip("uv")
    assert find_uv() == Path(uv.find_uv_bin())


def test_path_without_environments_of_the_build(monkeypatch, tmp_path):
    scripts = "Scripts" if os.name == "nt" else "bin"
    overlay = tmp_path / "pip-build-env-x1" / "overlay" / scripts
    kept = [str(tmp_path / "tools"), str(tmp_path / "bin")]
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "venv"))
    parts = [str(overlay), str(tmp_path / "venv" / scripts), kept[0], str(Path(sys.prefix, scripts)), "", kept[1]]
    monkeypatch.setenv("PATH", os.pathsep.join(parts))
    expected = kept if sys.prefix != sys.base_prefix else [kept[0], str(Path(sys.prefix, scripts)), kept[1]]
    # Last, for uv rather takes what the build runs on than download an interpreter.
    assert search_path().split(os.pathsep) == [*expected, str(Path(sys._base_executable).parent)]


@pytest.mark.skipif(os.name == "nt", reason="the program is a shell script")
@pytest.mark.parametrize(("padding", "kept"), [(2**20, True), (0, False)])
def test_the_version_is_kept_for_a_program_but_not_for_one_that_starts_another(tmp_path, monkeypatch, padding, kept):
    answer, program = tmp_path / "answer", tmp_path / "uv"
    program.write_text(f"#!/bin/sh\ncat {answer}\nexit\n{'#' * padding}")
    program.chmod(0o755)
    monkeypatch.setenv("UV", str(program))
    answer.write_text("uv 0.9.1")
    assert uv_version(Cache(tmp_path / "cache")) == "uv 0.9.1"
    answer.write_text("uv 0.9.2")
    run_uv._answered_version.cache_clear()
    assert uv_version(Cache(tmp_path / "cache")) == ("uv 0.9.1" if kept else "uv 0.9.2")
    copy = shutil.copy2(program, tmp_path / "elsewhere")  # as in an isolated build
    monkeypatch.setenv("UV", str(copy))
    assert uv_version(Cache(tmp_path / "cache")) == ("uv 0.9.1" if kept else "uv 0.9.2")
    os.utime(copy)
    assert uv_version(Cache(tmp_path / "cache")) == "uv 0.9.2"
