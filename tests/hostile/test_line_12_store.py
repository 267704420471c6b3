"""One store on a share works for two users, whatever their umask and with the oldest filelock that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from foreign_answers import MANIFEST, forged_archive

pytestmark = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be two other users (run as root: CI does)"
)

GROUP, SLUG = 5000, MANIFEST.workflow.slug
AS_USER = """
import os, sys
from hatch_tilebox.cli.app import app
user, umask, release, store, scratch, group, slug = sys.argv[1:]
def command(*arguments):
    if code := app(arguments, standalone_mode=False):
        sys.exit(code)
def steps(store):
    yield "publish", release, "--to", store, "-q"
    yield "deploy", "--latest", "--workflow", slug, "--to", store, "--cluster", "default", "-q"
    yield "releases", store, "-q"
    yield "fetch", store, "--workflow", slug, "--to", scratch + "/fetched-" + user, "-q"
for step in steps(scratch + "/warm-" + user):  # modules that are imported late lie where only root may read
    command(*step)
import shutil
shutil.rmtree(scratch + "/fetched-" + user)
os.setgroups([]); os.setgid(int(group)); os.setuid(int(user)); os.umask(int(umask, 8))
for step in steps(store):
    command(*step)
"""


@pytest.fixture
def share():
    """A folder that everybody may enter, with a store's folder for all of a group in it."""
    folder = Path(tempfile.mkdtemp(prefix="share-"))
    folder.chmod(0o1777)
    (folder / "store").mkdir()
    os.chown(folder / "store", 0, GROUP)
    (folder / "store").chmod(0o2770)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["installed", "oldest"])
def variables(request, tmp_path, clean_env):
    if request.param == "installed":
        return clean_env
    command = ["uv", "pip", "install", "-q", "--target", tmp_path / "oldest", "filelock==3.16.0"]
    subprocess.run(command, env=clean_env, check=True)
    return {**clean_env, "PYTHONPATH": str(tmp_path / "oldest")}


@pytest.mark.parametrize("umask", ["022", "077"])
def test_two_users_publish_deploy_and_fetch(share, variables, umask):
    for user, version in ((12345, "1.0"), (12346, "1.1"), (12345, "1.2")):
        release = share / f"scene_qa-{version}.tbrelease"
        release.write_bytes(forged_archive(project={"version": version}))
        command = [sys.executable, "-c", AS_USER, str(user), umask, release, share / "store", share, str(GROUP), SLUG]
        done = subprocess.run(command, env=variables, cwd=share, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    records = list((share / "store").glob("workflows/*/*.json"))
    assert len(records) == 3
    assert {path.stat().st_uid for path in records} == {12345, 12346}
    assert {path.stat().st_mode & 0o777 for path in records} == {0o660}
    assert not list((share / "store" / "incoming").iterdir())


def test_a_stranger_is_refused_with_a_message(share, clean_env):
    release = share / "scene_qa-1.0.tbrelease"
    release.write_bytes(forged_archive())
    command = [sys.executable, "-c", AS_USER, "12345", "022", release, share / "store", share, "6000", SLUG]
    done = subprocess.run(command, env=clean_env, cwd=share, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"error[TBX519]: {share / 'store'} cannot be used: Permission denied\n")
