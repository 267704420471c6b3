"""Builds work with old versions of uv, because uv belongs to the user's machine."""

from __future__ import annotations

import subprocess

import pytest
from runtime_support import discover

from hatch_tilebox.core.errors import DiscoveryError
from hatch_tilebox.discovery.run_uv import OLDEST_UV

pytestmark = pytest.mark.runtime


@pytest.fixture
def old_uv(tmp_path, clean_env, monkeypatch):
    """A function that installs a version of uv, and lets builds use it and an empty cache."""

    def install(version):
        folder = tmp_path / "uv"
        subprocess.run(["uv", "venv", "--quiet", folder], env=clean_env, check=True)
        subprocess.run(["uv", "pip", "install", "--quiet", "--python", folder, f"uv=={version}"], env=clean_env, check=True)
        monkeypatch.setenv("UV", str(folder / "bin" / "uv"))
        monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))

    return install


def test_the_oldest_works_with_a_lock_of_the_newest(old_uv, project):
    old_uv(f"{OLDEST_UV[0]}.{OLDEST_UV[1]}.0")
    assert [task.name for task in discover(project("single_file")).tasks]


def test_an_older_one_is_refused(old_uv, project):
    old_uv("0.4.0")
    with pytest.raises(DiscoveryError, match=r"uv is too old: it has to be 0\.5 or newer, and is 0\.4\.0(?s:.*)uv self update"):
        discover(project("single_file"))
