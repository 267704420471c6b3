"""The statement of where a release comes from."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from functools import partial

import pytest
from git_commits import commit_all, git

pytestmark = pytest.mark.runtime


@pytest.fixture
def repository(project, clean_env):
    """A committed project whose remote has a login in its URL, and a function that builds it."""
    folder = project("scene_qa")
    env = {**clean_env, "HATCH_TILEBOX_PROVENANCE": "true", "GIT_CONFIG_GLOBAL": "/dev/null"}

    def build(target, *others, folder=folder, **variables):
        command = [sys.executable, "-m", "hatchling", "build", *(f"-t{name}" for name in (target, *others))]
        result = subprocess.run(command, cwd=folder, env={**env, **variables}, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return folder / "dist"

    commit_all(folder, "Add the workflow")
    git(folder, "remote", "add", "origin", "https://ada:pass-Word.3c7@example.org/acme/flows.git")
    return folder, partial(git, folder), build


def statement(dist):
    return json.loads((dist / "scene_qa-1.2.0.provenance.json").read_text())


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_names_the_commit_the_lock_and_what_was_built(repository):
    folder, git, build = repository
    dist = build("wheel")
    found = statement(dist)
    assert (found["_type"], found["predicateType"]) == ("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1")
    (wheel,) = dist.glob("*.whl")
    release = dist / "scene_qa-1.2.0.tbrelease"
    assert found["subject"] == [{"name": path.name, "digest": {"sha256": digest(path)}} for path in (release, wheel)]
    definition, run = found["predicate"]["buildDefinition"], found["predicate"]["runDetails"]
    assert definition["resolvedDependencies"] == [
        {"uri": "git+https://example.org/acme/flows.git@refs/heads/main", "digest": {"gitCommit": git("rev-parse", "HEAD")}},
        {"name": "uv.lock", "digest": {"sha256": digest(folder / "uv.lock")}},
    ]
    assert definition["internalParameters"] == {"from": "repository", "modified": [], "frontend": "hatchling"}
    assert definition["externalParameters"]["workflow"] == "scene-qa-5y9aK2ydM1f76n"
    assert run["builder"]["version"].keys() == {"hatch-tilebox", "hatchling", "python", "uv", "zstd"}
    assert run["builder"]["id"] == "urn:hatch-tilebox:builder:unknown"


def test_modified_files_and_the_ci_service_are_named(repository):
    folder, git, build = repository
    git("checkout", "-q", "--detach")
    (folder / "README.md").write_text("not selected")
    (folder / "scene_qa/scenes.py").write_text((folder / "scene_qa/scenes.py").read_text() + "\n")
    (folder / "scene_qa/new.py").touch()
    ci = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "acme/flows",
        "GITHUB_REF": "refs/tags/v1.2.0",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": git("rev-parse", "HEAD"),
        "GITHUB_WORKFLOW_REF": "acme/flows/.github/workflows/release.yml@refs/heads/main",
    }
    predicate = statement(build("tilebox", **ci))["predicate"]
    assert predicate["buildDefinition"]["internalParameters"]["modified"] == ["scene_qa/new.py", "scene_qa/scenes.py"]
    assert predicate["buildDefinition"]["resolvedDependencies"][0]["uri"].endswith("/flows.git@refs/tags/v1.2.0")
    assert predicate["runDetails"]["builder"]["id"] == f"https://github.com/{ci['GITHUB_WORKFLOW_REF']}"
    assert predicate["runDetails"]["metadata"]["invocationId"] == "https://github.com/acme/flows/actions/runs/7/attempts/1"


def test_an_sdist_carries_the_commit(repository, tmp_path):
    _, git, build = repository
    (sdist,) = build("sdist").glob("*.tar.gz")
    subprocess.run(["tar", "-xf", sdist, "-C", tmp_path], check=True)
    dist = build("wheel", folder=tmp_path / "scene_qa-1.2.0")
    definition = statement(dist)["predicate"]["buildDefinition"]
    assert definition["internalParameters"] == {"from": "sdist", "modified": [], "frontend": "hatchling"}
    assert definition["resolvedDependencies"][0]["digest"] == {"gitCommit": git("rev-parse", "HEAD")}
    assert digest(dist / "scene_qa-1.2.0.tbrelease") == digest(build("tilebox") / "scene_qa-1.2.0.tbrelease")


def test_an_sdist_of_the_same_run_is_a_subject(repository):
    *_, build = repository
    dist = build("sdist", "wheel")
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    assert [item["name"] for item in statement(dist)["subject"]] == ["scene_qa-1.2.0.tbrelease", wheel.name, sdist.name]
    assert statement(dist)["subject"][2]["digest"] == {"sha256": digest(sdist)}


def test_a_folder_without_a_repository_has_no_commit(project, clean_env, monkeypatch):
    folder = project("scene_qa")
    env = {**clean_env, "HATCH_TILEBOX_PROVENANCE": "true", "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "tilebox"], cwd=folder, env=env, check=True)
    definition = statement(folder / "dist")["predicate"]["buildDefinition"]
    assert definition["internalParameters"] == {"from": "folder", "modified": None, "frontend": "hatchling"}
    assert [item["name"] for item in definition["resolvedDependencies"]] == ["uv.lock"]
