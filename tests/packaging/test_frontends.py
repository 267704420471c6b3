"""All build frontends build the same release of each valid test project."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import run

from hatch_tilebox.archive.reader import check_archive

pytestmark = pytest.mark.frontends

GOOD = {
    "scene_qa": ("scene_qa-1.2.0", 6),
    "single_file": ("tide_gauge-0.1.0", 1),
    "src_layout": ("burn_severity-2.0.1", 1),
    "virtual": ("water_mask-0.3.0", 1),
    "custom_command": ("tile_counter-1.0.0", 1),
}
COMMANDS = {
    "hatch": ["hatch", "build", "-t", "tilebox"],
    "uv": ["uv", "build"],
    "build": [sys.executable, "-m", "build", "--installer", "uv"],
    "hatch-tilebox": ["hatch-tilebox", "build"],
}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def release_of(shared, locked_project, frontend_env):
    """A function from the name of a good project to its release, built once with `uv build --wheel`."""
    from filelock import FileLock

    def build(name: str) -> Path:
        folder = shared / "releases" / name
        folder.parent.mkdir(exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                run(["uv", "build", "--wheel", "--out-dir", f"{folder}.tmp"], locked_project(name), frontend_env)
                Path(f"{folder}.tmp").rename(folder)
        return folder / f"{GOOD[name][0]}.tbrelease"

    return build


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("frontend", COMMANDS)
def test_frontend_emits_the_release(frontend, name, project, frontend_env, release_of):
    folder = project(name)
    run(COMMANDS[frontend], folder, frontend_env)
    stem, tasks = GOOD[name]
    release = folder / "dist" / f"{stem}.tbrelease"
    manifest, artifact = check_archive(release)
    assert len(manifest.tasks) == tasks
    assert artifact.sha256 == digest(release_of(name))
    wheels = [path.name for path in (folder / "dist").glob("*.whl")]
    assert wheels == ([f"{stem}-py3-none-any.whl"] if frontend in {"uv", "build"} else [])


@pytest.mark.parametrize("name", GOOD)
def test_pip_wheel_works(name, project, frontend_env, tmp_path):
    """pip gives the backend a folder of its own and keeps only the wheel."""
    pip = [sys.executable, "-m", "pip"] if has_pip() else ["uv", "run", "--no-project", "--with", "pip", "python", "-m", "pip"]
    run([*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path / "wheels", "."], project(name), frontend_env)
    assert [path.suffix for path in (tmp_path / "wheels").iterdir()] == [".whl"]


def test_frontend_brings_uv_where_there_is_none(project, frontend_env, tmp_path):
    """The hook asks for it as a build dependency; the environment of the build is where it is found."""
    environment = tmp_path / "env"
    run(["uv", "venv", "-q", "--seed", "-p", sys.executable, environment], tmp_path, frontend_env)
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(["uv", "pip", "install", "-q", "-p", python, "build"], tmp_path, frontend_env)
    folder = project("single_file")
    env = {**frontend_env, "PATH": str(tmp_path / "nothing")}
    run([python, "-m", "build", "--wheel"], folder, env)
    assert (folder / "dist" / "tide_gauge-0.1.0.tbrelease").exists()


def has_pip():
    return subprocess.run([sys.executable, "-c", "import pip"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("name", GOOD)
def test_tar_lists_the_manifest_first(name, release_of):
    listing = run(["tar", "--zstd", "-tf", release_of(name)], None, None).stdout.splitlines()
    assert listing[0] == ".tilebox/release.json"
    assert {"pyproject.toml", "uv.lock"} < set(listing)


@pytest.mark.parametrize("name", GOOD)
def test_unpacked_release_starts(name, release_of, frontend_env, tmp_path):
    """What a release runner does: unpack, start the worker with uv, connect."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    run(["tar", "--zstd", "-xf", release_of(name)], folder, None)
    workflow = json.loads((folder / ".tilebox" / "release.json").read_text())["workflow"]
    command = workflow.get("command") or ["uv", "run", "python", "-m", "tilebox.workflows.runner", workflow["runner"]]
    address = tmp_path / "w.sock"
    env = {**frontend_env, "TILEBOX_WORKER_ADDRESS": f"unix://{address}"}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log) as worker,
    ):
        try:
            while not accepts(address):
                assert worker.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.05)
        finally:
            worker.terminate()


def accepts(address):
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(address))
        except OSError:
            return False
        return True


def test_same_tree_gives_the_same_bytes(project, frontend_env, release_of, tmp_path):
    """Neither times, nor the folder, nor the umask, nor the order of creation reach the archive."""
    first = project("scene_qa")
    other = tmp_path / "elsewhere" / "ä folder"
    other.mkdir(parents=True)
    for path in sorted(first.rglob("*"), reverse=True):
        if path.is_file():
            target = other / path.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(0o600)
            os.utime(target, (1, 1))
    env = {**frontend_env, "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    run(["uv", "build", "--wheel"], other, env, umask=0o077)
    assert digest(other / "dist" / "scene_qa-1.2.0.tbrelease") == digest(release_of("scene_qa"))


def test_command_line_prints_one_json_object(project, frontend_env, tmp_path):
    folder = project("virtual")
    result = run(["hatch-tilebox", "build", folder, "--out", tmp_path / "out", "--json"], tmp_path, frontend_env)
    data = json.loads(result.stdout)
    release = tmp_path / "out" / "water_mask-0.3.0.tbrelease"
    assert sorted(data) == ["digest", "files", "fingerprint", "path", "size", "tasks"]
    assert data["path"] == str(release)
    assert data["digest"] == digest(release)
    assert data["size"] == release.stat().st_size
    assert [task["name"] for task in data["tasks"]] == ["tilebox.com/water-mask/MaskPixels"]
    paths = [file["path"] for file in data["files"]]
    assert "water_mask/data/thresholds.json" in paths
    assert not any("notebooks" in path for path in paths)
    assert "Selecting files" in result.stderr


def test_options_of_the_command_count_before_the_environment(project, frontend_env, tmp_path):
    """`--out` and `--no-cache` override other settings; without a cache, the environment is created again and then deleted."""
    folder = project("single_file")
    cache = tmp_path / "cache"
    env = {
        **frontend_env,
        "HATCH_TILEBOX_OUTPUT_DIR": "elsewhere",
        "HATCH_TILEBOX_CACHE": "1",
        "HATCH_TILEBOX_CACHE_DIR": str(cache),
    }
    result = run(["hatch-tilebox", "build", "--no-cache", "--out", tmp_path / "out"], folder, env)
    assert "environment created" in result.stderr
    assert not cache.exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tide_gauge-0.1.0.tbrelease"]
    assert not (folder / "elsewhere").exists()
