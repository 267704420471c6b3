"""A cache that another user can write to is never used, because its content is executed."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from programs import CLI

pytestmark = [pytest.mark.runtime, pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")]


@pytest.fixture
def run(project, clean_env, tmp_path):
    """A function that runs a command with the cache `shared/cache`, and the folder of a project."""
    folder = project("single_file")

    def run(*command):
        env = {**clean_env, "HATCH_TILEBOX_CACHE_DIR": str(tmp_path / "shared/cache")}
        return subprocess.run([*CLI, *command], cwd=folder, env=env, capture_output=True, text=True, check=False)

    run.release = folder / "dist" / "tide_gauge-0.1.0.tbrelease"
    return run


def plant(cache, mode, *, owner=None, place="."):
    (cache / "environments").mkdir(parents=True)
    (cache / "results").mkdir()
    for path in (cache, cache / "environments", cache / "results"):
        path.chmod(0o700)
    (cache / place).chmod(mode)
    if owner is not None:
        os.chown(cache / place, owner, owner)


@pytest.mark.parametrize("place", [".", "environments", "results"])
@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_a_cache_that_others_may_write_in_is_refused(run, tmp_path, mode, place):
    plant(tmp_path / "shared/cache", mode, place=place)
    done = run("build")
    assert done.returncode == 1
    assert "other users may write in the cache" in done.stderr
    assert "--no-cache" in done.stderr
    assert not run.release.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("place", [".", "environments"])
def test_a_cache_of_another_user_is_refused(run, tmp_path, place):
    plant(tmp_path / "shared/cache", 0o700, owner=12345, place=place)
    done = run("build")
    assert done.returncode == 1
    assert "belongs to another user" in done.stderr
    assert not run.release.exists()


def test_a_cache_whose_place_anybody_may_take_is_refused(run, tmp_path):
    plant(tmp_path / "shared/cache", 0o700)
    (tmp_path / "shared").chmod(0o777)
    done = run("build")
    assert done.returncode == 1
    assert "any user may put another folder in the place of the cache" in done.stderr


def test_without_the_cache_everything_works(run, tmp_path):
    plant(tmp_path / "shared/cache", 0o770)
    planted = sorted((tmp_path / "shared").rglob("*"))
    done = run("build", "--no-cache", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["path"] == str(run.release)
    assert run("verify", "--cold", str(run.release)).returncode == 0
    assert sorted((tmp_path / "shared").rglob("*")) == planted
