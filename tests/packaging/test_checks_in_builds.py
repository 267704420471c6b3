"""Release checks in real builds: errors stop the build, and warnings are shown."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.frontends

COMMAND = [sys.executable, "-m", "hatchling", "build", "-t", "tilebox"]
PLUGIN = """
from hatch_tilebox.plugins import Finding, hookimpl


@hookimpl
def hatch_tilebox_check_release(manifest, files):
    for task in manifest["tasks"]:
        if not task["name"].startswith("example.org/"):
            yield Finding.error(f"{task['name']} is not one of ours", hint="begin its name with example.org/")
    yield Finding.warning(f"{len(files)} files were seen")
"""


@pytest.fixture
def folder(project):
    folder = project("single_file")
    path = folder / "tilebox.workflow.toml"
    path.write_text(path.read_text().replace('"**/*.py"', '"**"'))
    return folder


def run(folder, env, **extra):
    result = subprocess.run(COMMAND, cwd=folder, env={**env, **extra}, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


SECRET = "TILEBOX_API_KEY=abcdefghijklmnopqrstuvwxyz0123456789\n"


def test_secret_stops_the_build_before_code_runs(folder, clean_env, tmp_path):
    (folder / ".env").write_text(SECRET)
    with (folder / "runner.py").open("a") as file:
        file.write(f"\nopen({str(tmp_path / 'ran')!r}, 'w').close()\n")
    code, output = run(folder, clean_env)
    assert code == 1
    assert ".env" in output
    assert "allow-secrets" in output
    assert "abcdefgh" not in output
    assert not list((folder / "dist").iterdir())
    assert not (tmp_path / "ran").exists()


def test_secret_passes_by_name(folder, clean_env):
    (folder / ".env").write_text(SECRET)
    code, output = run(folder, clean_env, HATCH_TILEBOX_ALLOW_SECRETS=os.pathsep.join([".env", "runner.py"]))
    assert code == 0, output
    assert 'allow-secrets names "runner.py", which does not look like a secret' in output


def test_secret_stops_a_build_with_the_tasks_of_an_earlier_one(folder, clean_env, tmp_path):
    env = {**clean_env, "HATCH_TILEBOX_CACHE_DIR": str(tmp_path / "cache")}
    (folder / ".env").write_text(SECRET)
    code, output = run(folder, env, HATCH_TILEBOX_ALLOW_SECRETS=".env")
    assert code == 0, output
    (release,) = (folder / "dist").iterdir()
    before = release.stat().st_ino
    code, output = run(folder, env)
    assert code == 1
    assert "unchanged since an earlier build" in output
    assert ".env" in output
    assert [path.stat().st_ino for path in (folder / "dist").iterdir()] == [before]


def test_heavy_file_is_warned_about_and_too_much_refused(folder, clean_env):
    (folder / "scene.tif").write_bytes(bytes(2 * 2**20))
    code, output = run(folder, clean_env)
    assert code == 0
    assert "warning[TBX115]: " in output
    assert "scene.tif" in output
    with (folder / "pyproject.toml").open("a") as file:
        file.write('max-size = "1 MiB"\n')
    code, output = run(folder, clean_env)
    assert code == 1
    assert "max-size" in output


def test_an_organisation_has_its_say(folder, clean_env, tmp_path):
    site = tmp_path / "site"
    info = site / "house_rules-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: house-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hatch_tilebox]\nhouse-rules = house_rules\n")
    (site / "house_rules.py").write_text(PLUGIN)
    code, output = run(folder, clean_env, PYTHONPATH=str(site))
    assert code == 1
    assert "error[TBX701]: [house-rules] tilebox.com/tide-gauge/ReadGauge is not one of ours" in output
    path = folder / "runner.py"
    path.write_text(path.read_text().replace("tilebox.com/", "example.org/"))
    code, output = run(folder, clean_env, PYTHONPATH=str(site))
    assert code == 0, output
    assert "warning[TBX701]: [house-rules] 4 files were seen" in output
