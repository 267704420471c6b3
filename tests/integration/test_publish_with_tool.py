"""Publishing to Tilebox with its command-line tool: a stand-in for it, the vendor's generated server, the official client."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from hand_made_releases import write_release
from output_schema import check_output
from tilebox_service import serve_tilebox

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.core.model import FileSet, Project, ReleaseManifest, SelectedFile, Task, Workflow
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.http.retries import Retries
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.tilebox.tool import find_tool
from hatch_tilebox.publish.tilebox.with_tool import TileboxWithTool

pytestmark = pytest.mark.service

QUICK = Retries(attempts=12, first=0.001, longest=0.02)


class Lines(Progress):
    """Records all events."""

    def __init__(self):
        self.results = []

    def result(self, name, value):
        self.results.append((name, value))


@pytest.fixture(scope="module")
def tilebox_api(sdk_python):
    """One API for all tests of this file; each has a workflow of its own there."""
    with serve_tilebox(sdk_python) as api:
        yield api


@pytest.fixture
def api(tilebox_api, stand_in):
    with closing(TileboxWithTool(tilebox_api.url, tilebox_api.key, find_tool(), retries=QUICK)) as destination:
        yield destination


@pytest.fixture
def workflow(api, request):
    return api.create_workflow(re.sub("[^a-z0-9]+", "-", request.node.name)[-100:], "a test")


@pytest.fixture
def make_release(workflow, tmp_path):
    def make(**options):
        return write_release(tmp_path / "tree", tmp_path / "dist", slug=workflow, **options)

    return make


def publish(path, api, **options):
    return publish_release(open_release(path), api, **options)


@pytest.fixture
def shell(clean_env, tilebox_api, stand_in, tmp_path):
    (tmp_path / "hatch.toml").touch()
    return {
        **stand_in.on_path(clean_env),
        "TILEBOX_API_URL": tilebox_api.url,
        "TILEBOX_API_KEY": tilebox_api.key,
        "AWS_SECRET_ACCESS_KEY": "not for tilebox",
        "HATCH_CONFIG": str(tmp_path / "hatch.toml"),
        "HATCH_TILEBOX_PUBLISH_STALE": "true",  # archives here are not built from a project
    }


@pytest.fixture
def command(shell, tmp_path):
    def run(*arguments, env=shell):
        line = [sys.executable, "-m", "hatch_tilebox", *map(str, arguments)]
        return subprocess.run(line, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_a_dry_run_does_not_know_whether_the_release_is_new(api, make_release):
    path = make_release()
    assert publish(path, api, dry_run=True).created is None
    assert publish(path, api).created is True


def test_the_official_client_lists_inspects_and_deploys_what_arrived(tilebox_api, workflow, command, make_release):
    path = make_release(tasks=(Task("a.B", "v1.2"), Task("c.D", "v3.0")))
    published = command("publish", path, "--to", "tilebox", "--json")
    assert published.returncode == 0, published.stderr
    report = check_output("publish", published.stdout)
    read = tilebox_api.sdk(f"""
found, = [flow for flow in client.workflows().all() if flow.slug == {workflow!r}]
release, = client.workflows().find(found.slug).releases
content = release.content
def paths(nodes, above=""):
    return [path for node in nodes for path in (paths(node.children, f"{{above}}{{node.path}}/") or [above + node.path])]
deployed = client.workflows().deploy_release(found.slug, release.id, ["staging"])
result = dict(
    id=str(release.id), tasks=[[task.name, task.version] for task in content.tasks], files=paths(content.files),
    runner=content.runner_object_path, clusters=[cluster.slug for cluster in deployed.clusters],
)""")
    assert read == {
        "id": report["id"],
        "tasks": [["a.B", "v1.2"], ["c.D", "v3.0"]],
        "files": ["./.tilebox/release.json", "./pyproject.toml", "./scene_qa/runner.py"],
        "runner": "scene_qa.runner:runner",
        "clusters": ["staging"],
    }
    assert report["created"] is True
    assert "Uploaded the artifact" in published.stderr
    assert "Published workflow release" in published.stderr
    again = json.loads(command("publish", path, "--to", "tilebox", "--json").stdout)
    assert (again["id"], again["created"]) == (report["id"], False)


def test_the_tool_gets_the_key_in_its_environment_and_nothing_else(
    tilebox_api, workflow, command, stand_in, make_release, tmp_path
):
    assert command("publish", make_release(), "--to", "tilebox").returncode == 0
    (call,) = stand_in.calls()
    assert tilebox_api.key not in str(call["arguments"])
    environment = call["environment"]
    assert (environment["TILEBOX_API_KEY"], environment["TILEBOX_API_URL"]) == (tilebox_api.key, tilebox_api.url)
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert not Path(call["folder"]).exists()
    assert not Path(call["folder"]).is_relative_to(tmp_path)


def test_the_key_is_not_in_what_the_tool_prints(tilebox_api, workflow, command, stand_in, make_release):
    for mode, code in (("talks", 0), ("garbage", 1)):
        stand_in.set(mode)
        done = command("publish", make_release(), "--to", "tilebox")
        assert done.returncode == code
        assert "***" in done.stderr
        assert "\x1b[2J" not in done.stderr
        assert tilebox_api.key not in done.stdout + done.stderr


def test_a_worker_command_is_published_as_one(tilebox_api, workflow, api, make_release):
    publish(make_release(command=("uv", "run", 'a "b"\n\\é')), api)
    code = f"content = client.workflows().find({workflow!r}).releases[0].content\n"
    read = tilebox_api.sdk(code + "result = [content.runner_object_path, list(content.command_override)]")
    assert read == ["", ["uv", "run", 'a "b"\n\\é']]


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("old", r"has no command `workflow publish-release`(.|\n)*install the current version"),
        ("other tasks", r"the tool does not have task 'tests\.Greet v1\.0'; the tool has task 'tests\.Greet v9\.9'"),
        (
            "other files",
            r"the tool does not have file 'pyproject\.toml'(.|\n)*nothing was deployed; remove it with: hatch",
        ),
        ("other id", r"release 11111111-1111-4111-8111-111111111111, which http://127\.0\.0\.1:\d+ does not list"),
        ("crash before the release", r"publish-release failed: signal 6(.|\n)*publish again(.|\n)*"),
        ("crash after the release", r"publish-release failed: signal 6(.|\n)*Uploaded the artifact"),
        ("garbage", r"did not print a JSON object with the id of a release"),
        ("no object", r"did not print a JSON object with the id of a release"),
        ("no id", r"did not print a JSON object with the id of a release"),
    ],
)
def test_what_the_tool_does_wrong_is_an_error_before_anything_is_deployed(
    tilebox_api, workflow, api, stand_in, make_release, mode, says
):
    stand_in.set(mode)
    path = make_release()
    with pytest.raises(PublishError, match=says):
        publish(path, api)
    assert not any(workflow in deployed for deployed in tilebox_api.state()["clusters"].values())
    before = len(tilebox_api.state()["releases"][workflow])
    stand_in.set("")
    publication = publish(path, api)
    # A release that a crash left behind is found again, a different one stays what it is.
    left_behind = mode in {"crash after the release", "garbage", "no object", "no id", "other id"}
    assert publication.created is not left_behind
    assert len(tilebox_api.state()["releases"][workflow]) == before + (not left_behind)


def test_a_tool_that_hangs_is_stopped_with_all_it_started(tilebox_api, workflow, stand_in, make_release):
    stand_in.set("hang")
    with closing(TileboxWithTool(tilebox_api.url, tilebox_api.key, find_tool(), limit=2.0, retries=QUICK)) as api:
        began = time.monotonic()
        with pytest.raises(PublishError, match=r"did not finish within 2 s and was stopped(.|\n)*Resolved 3 files"):
            publish(make_release(), api)
    assert time.monotonic() - began < 15
    (call,) = stand_in.calls()
    mark = f"HATCH_TILEBOX_ACTIVE={call['environment']['HATCH_TILEBOX_ACTIVE']}".encode()
    assert not [folder for folder in Path("/proc").glob("[0-9]*") if mark in environment_of(folder)]


def environment_of(process):
    try:
        return (process / "environ").read_bytes()
    except OSError:  # gone, or of another user
        return b""


def test_a_long_answer_without_a_last_newline_is_read(workflow, api, stand_in, make_release):
    stand_in.set("large")
    assert publish(make_release(), api).created


def test_messages_of_the_tool_are_progress(workflow, api, make_release):
    progress = Lines()
    publish(make_release(), api, progress=progress)
    assert ("tilebox", "Resolved 3 files") in progress.results
    assert ("tilebox", "Published workflow release") in progress.results


def write_files(tmp_path, files, slug):
    """A release of these files."""
    tree = tmp_path / "tree"
    for path, data in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(data)
    paths = sorted(files, key=lambda path: path.encode())
    selected = FileSet(tree, tuple(SelectedFile(path, str(tree / path), len(files[path])) for path in paths))
    workflow, tasks = Workflow(slug, runner="runner:runner"), (Task("tests.Greet", "v1.0"),)
    manifest = ReleaseManifest.of(workflow, Project("scene-qa", "1.0.0", None), tasks, hash_files(selected))
    return write_archive(manifest, selected, tmp_path / "scene_qa-1.0.0.tbrelease").path


OWN = '[workflow]\nslug = "{slug}"\nrunner = "runner:runner"\n[build]\ninclude = ["**"]\n{more}'


@pytest.mark.parametrize(
    ("slug", "more", "own"),
    [
        (None, "", True),
        (None, 'exclude = ["data/**"]\n', False),
        (None, "[targets.live]\nclusters = ['a']\n", True),
        ("another", "", False),
    ],
)
def test_a_configuration_in_the_release_is_used_where_it_selects_exactly_its_files(
    workflow, api, stand_in, tmp_path, slug, more, own
):
    text = OWN.format(slug=slug or workflow, more=more).encode()
    names = {"runner.py": b"", "tilebox.workflow.toml": text, "data/a [1]{b}.csv": b"1", "data/é!.csv": b"2", "we*ird/?.txt": b"3"}
    assert publish(write_files(tmp_path, {**names, ".gitignore": b"*.log\n", "b,c d.txt": b"4"}, workflow), api).created
    (call,) = stand_in.calls()
    assert (Path(call["arguments"][2]).name == "release") is own


def test_without_the_tool_the_error_says_how_to_get_it(tilebox_api, workflow, command, shell, stand_in, make_release, tmp_path):
    stand_in.program.unlink()
    done = command("publish", make_release(), "--to", "tilebox")
    assert done.returncode == 1
    assert "publishing to Tilebox needs its command-line tool: tilebox is not on PATH" in done.stderr
    assert "curl -fsSL https://cli.tilebox.com/install.sh | sh" in done.stderr
    assert "--to ./releases" in done.stderr
    assert "--to oci://" in done.stderr
    listed = command("releases", tilebox_api.url, "--workflow", workflow, "--json")
    assert json.loads(listed.stdout)["releases"] == []
    # A program that PATH names relatively may be the project's.
    shutil.copy(shutil.which("true"), tmp_path / "tilebox")
    planted = command("publish", make_release(), "--to", "tilebox", env={**shell, "PATH": os.pathsep.join((".", shell["PATH"]))})
    assert "tilebox is not on PATH" in planted.stderr


def test_without_a_destination_the_error_names_the_three_kinds(command, make_release):
    done = command("publish", make_release())
    assert done.returncode == 1
    assert "no destination is set" in done.stderr
    for example in ("--to tilebox", "--to oci://", "--to ./releases"):
        assert example in done.stderr


def test_an_archive_that_changes_meanwhile_is_not_published(tilebox_api, workflow, api, make_release, tmp_path):
    path = make_release()
    local = open_release(path)
    make_release(content=b"other\n")
    with pytest.raises(PublishError, match="changed while it was published"):
        publish_release(local, api)
    assert tilebox_api.state()["releases"][workflow] == []


@pytest.mark.skipif(shutil.which("tilebox") is None, reason="Tilebox's command-line tool is not installed")
def test_the_real_tool_has_the_command_and_its_options():
    done = subprocess.run(["tilebox", "workflow", "publish-release", "--help"], capture_output=True, text=True, check=True)
    assert "publish-release" in done.stdout
    assert "--json" in done.stdout
