"""hatch-tilebox works with the oldest supported versions of its dependencies; the other tests use the newest."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.frontends


@pytest.fixture
def oldest(tmp_path, clean_env, request):
    """The programs of an environment with the oldest dependencies, on the oldest Python that we support, if it is here."""
    env = {**clean_env, "UV_PYTHON_DOWNLOADS": "never"}
    folder = tmp_path / "oldest"

    def uv(*arguments):
        return subprocess.run(["uv", *arguments, "--quiet"], env=env, capture_output=True, check=False).returncode == 0

    assert any(uv("venv", "--python", version, folder) for version in ("3.10", sys.executable))
    checkout = f"{request.config.rootpath}[cli,publish,sign]"
    assert uv("pip", "install", "--python", folder, "--resolution", "lowest-direct", checkout)
    return folder / "bin"


def test_builds_checks_and_publishes(oldest, project, clean_env, tmp_path):
    folder = project("scene_qa")
    store = tmp_path / "releases"

    def run(*command):
        program = [oldest / command[0], *command[1:]]
        result = subprocess.run(program, cwd=folder, env=clean_env, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    run("python", "-m", "hatchling", "build")
    release = "dist/scene_qa-1.2.0.tbrelease"
    built = sorted(path.name for path in (folder / "dist").iterdir())
    assert built == ["scene_qa-1.2.0-py3-none-any.whl", "scene_qa-1.2.0.tar.gz", "scene_qa-1.2.0.tbrelease"]
    first = json.loads(run("hatch-tilebox", "inspect", release, "--json"))
    again = json.loads(run("hatch-tilebox", "build", "--json"))
    assert again["digest"] == first["digest"]
    assert json.loads(run("hatch-tilebox", "check", "--json"))["ok"]
    run("hatch-tilebox", "verify", release)
    run("python", "-c", "import hatch_tilebox.attestations.signing")
    run("hatch-tilebox", "run", release, "--task", "Ping")
    run("hatch-tilebox", "publish", release, "--to", store)
    run("hatch-tilebox", "deploy", "--latest", "--to", store, "--cluster", "a")
    run("hatch-tilebox", "fetch", store, "--release", first["digest"][:8], "--to", tmp_path / "fetched")
    assert "identical" in run("hatch-tilebox", "diff", release, tmp_path / "fetched" / "scene_qa-1.2.0.tbrelease")
