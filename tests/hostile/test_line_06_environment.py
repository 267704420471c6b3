"""The code of a workflow does not get the user's environment variables, from any command or frontend."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import programs
import pytest
from loopback import serve
from programs import CLI

pytestmark = pytest.mark.runtime

SECRET = "s3cret-of-the-user"
PLANTED = ("AWS_SECRET_ACCESS_KEY", "ACME_TOKEN", "GITHUB_TOKEN", "TILEBOX_API_KEY", "UV_PUBLISH_TOKEN", "UV_INDEX_ACME_PASSWORD")
SPY = """
import json as _json, os as _os
from tilebox.workflows import Client as _Client
_client = _Client()
print("SEEN " + _json.dumps(dict(_os.environ)))
with open({path!r}, "a") as _file:
    _file.write(_json.dumps(dict(_os.environ)) + "\\n")
"""


@pytest.fixture
def listener():
    """A server at the URL of the user's Tilebox API. It records every request."""
    with serve(lambda *_: (200, {}, b"")) as (host, requests):
        yield f"http://{host}", requests


@pytest.fixture
def spied(project, tmp_path):
    """A project whose runner writes its environment to a file, and a function that reads the file."""
    folder, seen = project("scene_qa"), tmp_path / "seen.jsonl"
    with (folder / "scene_qa" / "runner.py").open("a") as file:
        file.write(SPY.format(path=str(seen)))
    return folder, lambda: [json.loads(line) for line in seen.read_text().splitlines()]


@pytest.fixture
def env(frontend_env, listener):
    proxy = {"HTTP_PROXY": listener[0], "http_proxy": listener[0]}
    return {**frontend_env, **dict.fromkeys(PLANTED, SECRET), **proxy, "TILEBOX_API_URL": listener[0], "HATCH_TILEBOX_CACHE": "1"}


def run(folder, env, *command, code=0):
    done = programs.run(command, folder, env, code=code)
    assert SECRET not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    "command",
    [(*CLI, "build", "-v"), ("hatch", "-v", "build", "-t", "tilebox"), ("uv", "build", "--wheel")],
    ids=["hatch-tilebox", "hatch", "uv"],
)
def test_a_build_shows_the_workflow_no_secret(spied, env, listener, command):
    folder, seen = spied
    run(folder, env, *command)
    assert seen()
    for environ in seen():
        assert SECRET not in environ.values()
        assert environ["TILEBOX_API_URL"] != listener[0]
        assert environ["PATH"]
        assert environ["HOME"] == os.environ["HOME"]
    assert listener[1] == [], "telemetry went to the address that the user's key belongs to"


def test_verify_and_run_show_the_workflow_no_secret(spied, env, listener):
    folder, seen = spied
    run(folder, env, *CLI, "build", "-q")
    release = next((folder / "dist").glob("*.tbrelease"))
    run(folder, env, *CLI, "verify", str(release))
    run(folder, env, *CLI, "run", str(release), "--task", "Ping")
    assert len(seen()) == 3
    assert all(SECRET not in environ.values() for environ in seen())
    assert listener[1] == []


def test_what_is_let_through_by_name_is_shown_by_name(spied, env):
    folder, seen = spied
    with (folder / "pyproject.toml").open("a") as file:
        file.write('pass-environment = ["ACME_*"]\n')  # the hook's table is the last one
    done = run_passing(folder, env, *CLI, "build", "--env", "REGION=north")
    assert "Environment            ACME_TOKEN, REGION" in done.stderr
    (environ,) = seen()
    assert (environ["ACME_TOKEN"], environ["REGION"]) == (SECRET, "north")
    assert "GITHUB_TOKEN" not in environ
    kept = [path for path in folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert kept == []
    cache = Path(env["HATCH_TILEBOX_CACHE_DIR"])
    assert not [path for path in cache.glob("*/*.json") if SECRET in path.read_text()]


def run_passing(folder, env, *command):
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done


def test_a_changed_value_is_not_answered_from_an_earlier_build(project, env):
    folder = project("scene_qa")
    with (folder / "scene_qa" / "runner.py").open("a") as file:
        file.write('import os\nprint("REGION is", os.environ.get("REGION"))\n')
    for region in ("north", "south"):
        done = run(folder, env, *CLI, "build", "-v", "--env", f"REGION={region}")
        assert f"REGION is {region}" in done.stderr
    run(folder, env, *CLI, "build")
    assert "unchanged since an earlier build" in run(folder, env, *CLI, "build").stderr


@pytest.mark.parametrize("name", ["not a name", "1ACME", "=x", ""])
def test_a_name_that_is_not_one_is_refused(project, env, name):
    done = run(project("scene_qa"), env, *CLI, "build", "--env", name, code=2)
    assert "is not the name of an environment variable" in done.stderr


def test_a_project_does_not_hold_values(project, env):
    folder = project("scene_qa")
    with (folder / "pyproject.toml").open("a") as file:
        file.write('pass-environment = ["ACME_TOKEN=abc"]\n')
    done = run(folder, env, *CLI, "build", code=1)
    assert "values do not belong in a project" in done.stderr


@pytest.mark.parametrize("name", ["TILEBOX_API_KEY", "UV_INDEX", "PYTHONPATH", "HATCH_*", "*", "*_TOKEN"])
def test_what_the_build_decides_about_cannot_be_passed(project, env, name):
    done = run(project("scene_qa"), env, *CLI, "build", "--env", name, code=2)
    assert f'"{name}" cannot be passed' in done.stderr or f'"{name}" is too general' in done.stderr


def test_code_that_computes_the_version_sees_no_secret(tmp_path, env):
    """`publish` without an archive asks for the current version."""
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "tide-gauge"\ndynamic = ["version"]\n'
        '[tool.hatch.version]\nsource = "code"\npath = "about.py"\n'
    )
    (tmp_path / "tilebox.workflow.toml").write_text('[workflow]\nslug = "a"\nrunner = "a:b"\n[build]\ninclude = ["*.py"]\n')
    (tmp_path / "about.py").write_text(
        'import json, os\nopen("seen.json", "w").write(json.dumps(dict(os.environ)))\n__version__ = "3.1"\n'
    )
    done = run(tmp_path, env, *CLI, "publish", "--no-build", "--to", "./releases", code=1)
    assert "no release of tide-gauge 3.1" in done.stderr
    assert SECRET not in (tmp_path / "seen.json").read_text()
