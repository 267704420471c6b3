"""What `hatch-tilebox init` makes passes `check`, `build` and `verify` at once, and its workflow is made at Tilebox with a key."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile

import pytest
from output_schema import check_output


@pytest.fixture
def hatch_tilebox(frontend_env, tmp_path):
    """A function that runs the command line in a process of its own."""

    def run(*args, **env):
        environment = {name: value for name, value in frontend_env.items() if not name.startswith("TILEBOX_")}
        command = [sys.executable, "-m", "hatch_tilebox", *args]
        return subprocess.run(command, cwd=tmp_path, env={**environment, **env}, capture_output=True, text=True, check=False)

    return run


def files_of(folder):
    """The files in the folder. Of an environment and a repository, only the folders are of interest."""
    for path in folder.iterdir():
        yield from files_of(path) if path.is_dir() and path.name not in {".venv", ".git"} else [path]


@pytest.mark.runtime
def test_a_new_project_is_good_at_once(hatch_tilebox, tmp_path, frontend_env):
    def run_in_project(*command):
        done = subprocess.run(command, cwd=tmp_path / "qa", env=frontend_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done

    made = hatch_tilebox("init", "--offline", "--name", "Scene QA", "qa", "--json")
    assert made.returncode == 0, made.stderr
    report = check_output("init", made.stdout)
    assert (report["slug"], report["created_remotely"]) == ("scene-qa", False)
    files = {path.relative_to(tmp_path / "qa").as_posix() for path in files_of(tmp_path / "qa")}
    assert files == {*report["files"], ".venv", ".git"}
    assert report["repository"]
    for group in ([], ["--group", "test"]):
        tested = run_in_project("uv", "run", *group, "pytest")
        assert "3 passed" in tested.stdout
    status = run_in_project("git", "status", "--short", "--untracked-files=all").stdout.split()[1::2]
    assert set(status) == set(report["files"])

    checked = hatch_tilebox("check", "qa", "--strict")
    assert (checked.returncode, checked.stderr) == (0, "")

    built = hatch_tilebox("build", "qa", "--json")
    assert built.returncode == 0, built.stderr
    release = check_output("build", built.stdout)
    (task,) = release["tasks"]
    assert (task["name"], task["version"]) == ("tilebox.com/scene-qa/CheckScene", "v1.0")
    assert task["input_schema"]["required"] == ["scene_id", "cloud_cover"]
    pinned = (tmp_path / "qa" / ".python-version").read_text().strip()
    assert [file["path"] for file in release["files"]] == [".python-version", "pyproject.toml", "runner.py", "uv.lock"]
    assert run_in_project("uv", "run", "python", "-V").stdout.startswith(f"Python {pinned}.")
    # Release runners install what `uv run` does in the release.
    installed = run_in_project("uv", "export", "--frozen", "--no-hashes").stdout
    assert "tilebox" in installed
    assert "pytest" not in installed

    verified = hatch_tilebox("verify", release["path"], "--json")
    assert check_output("verify", verified.stdout)["ok"], verified.stderr

    given = '{"scene_id": "S2A_31UFS", "cloud_cover": 0.9}'
    ran = hatch_tilebox("run", release["path"], "--input", given, "--json")
    (task,) = check_output("run", ran.stdout)["tasks"]
    assert [log["attributes"]["usable"] for log in task["logs"]] == [False]

    for command in (["uv", "build"], ["hatch", "build", "-t", "tilebox"]):
        run_in_project(*command)
    (wheel,) = (tmp_path / "qa" / "dist").glob("*.whl")
    assert [name for name in zipfile.ZipFile(wheel).namelist() if "test" in name] == []


@pytest.mark.runtime
@pytest.mark.service
def test_a_key_makes_the_workflow(hatch_tilebox, tilebox_api, tmp_path):
    made = hatch_tilebox(
        "init",
        "--name",
        "Scene QA",
        "--summary",
        "Checks scenes",
        "qa",
        TILEBOX_API_URL=tilebox_api.url,
        TILEBOX_API_KEY=tilebox_api.key,
    )
    assert made.returncode == 0, made.stderr
    slug = re.search('slug = "(.*)"', (tmp_path / "qa" / "tilebox.workflow.toml").read_text())[1]
    created = tilebox_api.sdk("result = [[flow.slug, flow.name, flow.summary] for flow in client.workflows().all()]")
    assert created == [[slug, "Scene QA", "Checks scenes"]]
    assert slug in made.stderr


@pytest.mark.service
def test_a_wrong_key_leaves_nothing_behind_and_stays_secret(hatch_tilebox, tilebox_api, tmp_path):
    made = hatch_tilebox("init", "qa", TILEBOX_API_URL=tilebox_api.url, TILEBOX_API_KEY="wrong-key-4711")
    assert (made.returncode, made.stdout) == (1, "")
    assert "create one at https://console.tilebox.com" in made.stderr
    assert "wrong-key-4711" not in made.stderr
    assert not (tmp_path / "qa").exists()
