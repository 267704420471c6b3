"""Workflows, releases and clusters of the Tilebox API: the vendor's generated server, read and changed from the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing

import pytest
from hand_made_releases import write_release
from output_schema import check_output
from tilebox_service import serve_tilebox

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.core.model import Task
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.tilebox.api import TileboxApi
from hatch_tilebox.publish.tilebox.messages import decode_id, encode_id, release_content

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def tilebox_api(sdk_python):
    """One API for all tests of this file; each has workflows of its own there."""
    with serve_tilebox(sdk_python) as api:
        yield api


@pytest.fixture
def api(tilebox_api):
    with closing(TileboxApi(tilebox_api.url, tilebox_api.key, artifact_url=f"{tilebox_api.url}/artifacts")) as destination:
        yield destination


@pytest.fixture
def publish(api, tmp_path):
    """A function that publishes a release of a new workflow and returns it."""

    def publish(workflow, **options):
        api.create_workflow(workflow, "a test")
        path = write_release(tmp_path / "tree", tmp_path / workflow, slug=workflow, **options)
        return publish_release(open_release(path), api).release

    return publish


@pytest.fixture
def command(clean_env, tilebox_api, tmp_path):
    (tmp_path / "hatch.toml").touch()
    variables = {"TILEBOX_API_URL": tilebox_api.url, "TILEBOX_API_KEY": tilebox_api.key, "HATCH_TILEBOX_PUBLISH_TO": "tilebox"}

    def run(*arguments, code=0, **env):
        line = [sys.executable, "-m", "hatch_tilebox", *map(str, arguments)]
        env = {**clean_env, **variables, "HATCH_CONFIG": str(tmp_path / "hatch.toml"), **env}
        done = subprocess.run(line, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return run


def test_clusters_shows_what_runs_where(api, command, publish):
    one = publish("listed-one", tasks=(Task("a.B", "v1.2"), Task("c.D", "v3.0")))
    two = publish("listed-two")
    api.deploy("listed-one", one.id, ["canary"])
    api.deploy("listed-two", two.id, ["canary"])
    shown = check_output("clusters", command("clusters", "--json").stdout)
    assert [cluster["slug"] for cluster in shown["clusters"]] == ["canary", "default-cluster", "production", "staging"]
    (canary,) = (cluster for cluster in shown["clusters"] if cluster["slug"] == "canary")
    assert canary["deployed"] == [
        {
            "workflow": "listed-one",
            "release": one.id,
            "tasks": [{"name": "a.B", "version": "v1.2"}, {"name": "c.D", "version": "v3.0"}],
        },
        {"workflow": "listed-two", "release": two.id, "tasks": [{"name": "tests.Greet", "version": "v1.0"}]},
    ]
    lines = command("clusters").stdout.splitlines()
    assert any(line.split() == ["canary", "listed-one", one.id, "2"] for line in lines)
    assert "production" in [line.strip() for line in lines]


def test_clusters_of_a_folder_are_shown_too(command, tmp_path):
    path = write_release(tmp_path / "tree", tmp_path / "dist", slug="folder-flow")
    command("publish", path, "--to", "./store")
    command("deploy", "--to", "./store", "--workflow", "folder-flow", "--latest", "--cluster", "here")
    shown = check_output("clusters", command("clusters", "./store", "--json").stdout)["clusters"]
    assert [(cluster["slug"], cluster["deployed"][0]["workflow"]) for cluster in shown] == [("here", "folder-flow")]


def test_a_destination_without_clusters_says_so(command):
    assert "has no clusters" in command("clusters", "oci://127.0.0.1:9/a/b", code=1).stderr


def test_unpublish_removes_one_release_that_runs_nowhere(api, command, publish, tilebox_api):
    old, new = publish("removed-flow"), publish("removed-flow", content=b"2\n")
    named = ("unpublish", "--workflow", "removed-flow", "--release", old.id)
    assert "Nothing was changed; --yes removes it." in command(*named, code=1).stderr
    api.deploy("removed-flow", old.id, ["staging", "canary"])
    refused = command(*named, "--yes", code=1).stderr
    assert f"release {old.id} runs on staging,canary" in refused
    assert f"hatch-tilebox undeploy --to tilebox --workflow removed-flow --release {old.id} --cluster staging,canary" in refused
    assert len(api.releases("removed-flow")) == 2
    api.undeploy("removed-flow", old.id, ["staging", "canary"])
    removed = check_output("unpublish", command(*named, "--yes", "--json").stdout)
    assert removed == {"workflow": "removed-flow", "release": old.id, "removed": True}
    left = tilebox_api.sdk("result = [str(release.id) for release in client.workflows().find('removed-flow').releases]")
    assert left == [new.id]
    assert "has no release" in command(*named, "--yes", code=1).stderr


def test_a_folder_keeps_its_releases(command, tmp_path):
    path = write_release(tmp_path / "tree", tmp_path / "dist", slug="kept-flow")
    identifier = command("publish", path, "--to", "./store").stdout.strip()
    done = command("unpublish", "--to", "./store", "--workflow", "kept-flow", "--release", identifier, "--yes", code=1)
    assert "does not remove releases" in done.stderr


def test_without_a_release_whatever_runs_there_is_taken_off(api, publish, tilebox_api):
    old, new = publish("taken-off"), publish("taken-off", content=b"2\n")
    api.deploy("taken-off", old.id, ["staging"])
    api.undeploy("taken-off", new.id, ["staging"])
    assert api.cluster("staging").release_of("taken-off") == old.id
    assert api.undeploy("taken-off", None, ["staging"]) == ("staging",)
    assert api.cluster("staging").release_of("taken-off") is None


def test_a_workflow_that_others_share_is_listed_and_deployed(api, command, tilebox_api, tmp_path):
    shared = tilebox_api.sdk("result = client.workflows().create('acme:shared-flow', 'a test').slug")
    local = open_release(write_release(tmp_path / "tree", tmp_path / "dist"))
    artifact = encode_id(api.upload(local, Progress()))
    message = {"workflowSlug": shared, "artifactId": artifact, "content": release_content(local.manifest)}
    release = decode_id(api._connect.call("PublishWorkflowRelease", message)["id"])
    listed = json.loads(command("releases", "tilebox", "--workflow", shared, "--json").stdout)["releases"]
    assert [(found["workflow"], found["id"]) for found in listed] == [("acme:shared-flow", release)]
    command("deploy", "--workflow", shared, "--latest", "--cluster", "production")
    assert api.cluster("production").release_of("acme:shared-flow") == release


@pytest.mark.parametrize("workflow", ["a:b:c", ":a", "a:", "a b", "../a", "", "a" * 101])
def test_what_names_no_workflow_is_refused_before_a_request(api, workflow):
    with pytest.raises(PublishError, match="is not a workflow"):
        api.deploy(workflow, "0a6f8c2e-8d1b-4c55-9f5e-2f1f7f0f3b1d", [])


def test_workflows_are_read_page_by_page(api, command, publish):
    for number in range(23):
        api.create_workflow(f"page-{number}", "a test")
    last = publish("page-last")
    found = json.loads(command("releases", "tilebox", "--json").stdout)["releases"]
    assert last.id in [release["id"] for release in found]


def test_texts_of_a_workflow_have_the_limits_of_the_api(api):
    with pytest.raises(PublishError, match="the name of a workflow has at most 100 characters, not 101"):
        api.create_workflow("x" * 101, "a test")
    with pytest.raises(PublishError, match="the description of a workflow has at most 50,000 characters, not 50,001"):
        api.create_workflow("x", "a test", "x" * 50_001)
    assert api.create_workflow("x" * 100, "a test", "x" * 50_000) == "x" * 100


PYPROJECT = '[project]\nname = "tide-gauge"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = ["tilebox"]\n'
RUNNER = "from tilebox.workflows import Runner\nrunner = Runner(tasks=[])\n"


def test_adopt_creates_the_workflow_and_writes_its_slug(command, tilebox_api, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    (project / "runner.py").write_text(RUNNER)
    create = ("adopt", "project", "--create", "Tide Gauge", "--summary", "Reads tides")
    command(*create, code=1)
    assert not (project / "tilebox.workflow.toml").exists()
    done = command(*create, "--yes")
    assert "the workflow 'Tide Gauge' is created at Tilebox" in done.stderr
    assert "made from the project's name" not in done.stderr
    assert 'slug = "Tide-Gauge"\n' in (project / "tilebox.workflow.toml").read_text()
    code = "found = client.workflows().find('Tide-Gauge')\nresult = [found.name, found.summary]"
    assert tilebox_api.sdk(code) == ["Tide Gauge", "Reads tides"]
    assert "has a tilebox.workflow.toml already, so no workflow is created" in command(*create, "--yes", code=1).stderr
