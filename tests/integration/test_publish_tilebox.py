"""The Tilebox API as a destination, against the vendor's generated server, read back with the official client."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from at_once import at_once
from fault_proxy import FaultProxy
from output_schema import check_output

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.core.model import Task
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.deployment import deploy_release, undeploy_release
from hatch_tilebox.publish.fetch import fetch_release, select_published
from hatch_tilebox.publish.http.retries import Retries
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.tilebox.api import TileboxApi

pytestmark = pytest.mark.service

SLUG = "scene-qa-5y9aK2"
QUICK = Retries(attempts=12, first=0.001, longest=0.02)


@pytest.fixture
def workflow(tilebox_api):
    return tilebox_api.sdk(f"result = client.workflows().create({SLUG!r}, 'a test').slug")


@pytest.fixture
def api(tilebox_api):
    with closing(connect(tilebox_api.url, tilebox_api.key)) as destination:
        yield destination


def connect(url, key, retries=QUICK, path="artifacts"):
    """The API at `url`, with the upload of archives that `artifact-url` sets."""
    return TileboxApi(url, key, artifact_url=f"{url}/{path}", retries=retries)


def publish(path, api, **options):
    return publish_release(open_release(path), api, **options)


def test_the_official_client_reads_what_we_published(tilebox_api, workflow, api, make_release):
    local = open_release(make_release(tasks=(Task("a.B", "v1.2"), Task("c.D", "v3.0"))))
    publication = publish_release(local, api)
    read = tilebox_api.sdk(f"""
release, = client.workflows().find({SLUG!r}).releases
content = release.content
def names(nodes):
    return [[node.path, node.directory, names(node.children)] for node in nodes]
result = dict(
    id=str(release.id), digest=release.artifact.digest, fingerprint=content.fingerprint,
    tasks=[[task.name, task.version] for task in content.tasks], files=names(content.files),
    runner=content.runner_object_path, command=content.command_override,
)""")
    assert publication.created
    assert read == {
        "id": publication.release.id,
        "digest": local.artifact.sha256,
        "fingerprint": local.manifest.fingerprint,
        "tasks": [["a.B", "v1.2"], ["c.D", "v3.0"]],
        "files": [[".", True, [["pyproject.toml", False, []], ["scene_qa", True, [["runner.py", False, []]]]]]],
        "runner": "scene_qa.runner:runner",
        "command": [],
    }


def test_a_worker_command_is_published_as_one(tilebox_api, workflow, api, make_release):
    publish(make_release(command=("uv", "run", "worker")), api)
    code = f"content = client.workflows().find({SLUG!r}).releases[0].content\n"
    read = tilebox_api.sdk(code + "result = [content.runner_object_path, content.command_override]")
    assert read == ["", ["uv", "run", "worker"]]


def test_publishing_again_sends_and_makes_nothing(tilebox_api, workflow, api, make_release):
    path = make_release()
    first = publish(path, api)
    before = tilebox_api.state()
    second = publish(path, api)
    assert (first.created, second.created) == (True, False)
    assert first.release == second.release
    assert tilebox_api.state() == before


def test_an_archive_that_is_uploaded_again_is_the_same_artifact(tilebox_api, workflow, api, make_release):
    local = open_release(make_release())
    assert api.upload(local, Progress()) == api.upload(local, Progress())
    publish_release(local, api)
    assert (tilebox_api.state()["artifacts"], len(tilebox_api.state()["releases"][SLUG])) == (1, 1)


def test_the_second_of_two_registrations_created_nothing(workflow, api, make_release):
    local = open_release(make_release())
    uploaded = api.upload(local, Progress())
    (first, created), (second, again) = api.register(local, uploaded), api.register(local, uploaded)
    assert first.id == second.id
    assert (created, again) == (True, False)


def test_the_official_client_deploys_and_undeploys_it(tilebox_api, workflow, api, make_release):
    release = publish(make_release(), api).release
    code = f"deployment = client.workflows().deploy_release({SLUG!r}, {release.id!r}, ['staging'])\n"
    assert tilebox_api.sdk(code + "result = [cluster.slug for cluster in deployment.clusters]") == ["staging"]
    assert select_published(api, SLUG, None).clusters == ("staging",)
    code = f"client.workflows().undeploy_release({SLUG!r}, {release.id!r}, ['staging'])\nresult = None"
    tilebox_api.sdk(code)
    assert select_published(api, SLUG, None).clusters == ()


def test_a_workflow_that_is_not_there_is_explained(api, tilebox_api, make_release):
    with pytest.raises(PublishError, match=f"has no workflow '{SLUG}'\n  hint: create it once") as caught:
        publish(make_release(), api)
    call = (
        re.search(r"\.workflows\(\)\.create\(.*?\)", str(caught.value))[0]
        .replace("NAME", "'Scene QA'")
        .replace("SUMMARY", "'Checks'")
    )
    assert tilebox_api.sdk(f"result = client{call}.name") == "Scene QA"


def test_it_gives_no_archives_back(workflow, api, make_release, tmp_path):
    release = publish(make_release(), api).release
    with pytest.raises(PublishError, match="does not support downloads"):
        fetch_release(api, release, tmp_path)


def test_a_deployment_says_what_ran_before_and_how_to_go_back(tilebox_api, workflow, api, make_release):
    old, new = (publish(make_release(version=version), api).release for version in ("1.0.0", "1.0.1"))
    assert api.releases(SLUG) == [new, old]
    first = deploy_release(api, old, ["staging", "production"])
    assert first.before == {"staging": None, "production": None}
    second = deploy_release(api, new, ["staging"])
    assert second.before == {"staging": old.id}
    assert second.back == (f"hatch-tilebox deploy --to {api.to} --workflow {SLUG} --release {old.id} --cluster staging",)
    third = undeploy_release(api, new.workflow, new.id, ["staging"])
    assert third.back == (f"hatch-tilebox deploy --to {api.to} --workflow {SLUG} --release {new.id} --cluster staging",)
    assert tilebox_api.state()["clusters"] == {"default-cluster": [], "staging": [], "production": [SLUG], "canary": []}


def test_no_cluster_means_the_default_one(workflow, api, make_release):
    release = publish(make_release(), api).release
    deployment = deploy_release(api, release, [])
    assert deployment.clusters == ("default-cluster",)
    assert deployment.back == (
        f"hatch-tilebox undeploy --to {api.to} --workflow {SLUG} --release {release.id} --cluster default-cluster",
    )


def test_one_command_goes_back_on_all_clusters_that_had_the_same(workflow, api, make_release):
    old, new = (publish(make_release(content=content), api).release for content in (b"1\n", b"2\n"))
    deploy_release(api, old, ("staging", "production"))
    back = deploy_release(api, new, ("staging", "canary", "production")).back
    assert [line.partition("--workflow")[0] + line.partition("--cluster")[2] for line in back] == [
        f"hatch-tilebox deploy --to {api.to}  staging,production",
        f"hatch-tilebox undeploy --to {api.to}  canary",
    ]


def test_a_task_that_another_workflow_serves_there_is_refused(tilebox_api, workflow, api, make_release):
    tilebox_api.sdk("result = client.workflows().create('other', 'a test').slug")
    other = publish(make_release(slug="other"), api).release
    deploy_release(api, other, ["staging"])
    mine = publish(make_release(), api).release
    with pytest.raises(PublishError, match=r"cluster 'staging' already has task 'tests\.Greet' v1\.0 from workflow 'other'"):
        deploy_release(api, mine, ["production", "staging"])
    assert tilebox_api.state()["clusters"] == {"default-cluster": [], "staging": ["other"], "production": [], "canary": []}


def _publish(path, url, key):
    return publish(path, connect(url, key, Retries())).release.id


def test_twenty_processes_make_one_release(tilebox_api, workflow, make_release):
    assert len(set(at_once(_publish, make_release(), tilebox_api.url, tilebox_api.key))) == 1
    assert len(tilebox_api.state()["releases"][SLUG]) == 1


def test_500_publishes_under_faults_make_one_release_each(tilebox_api, make_release, tmp_path):
    slugs = [f"workflow-{number}" for number in range(25)]
    tilebox_api.sdk(f"result = [client.workflows().create(slug, 'a test').slug for slug in {slugs}]")
    paths = [make_release(slug=slugs[number % 25], version=f"1.0.{number}", content=b"%d" % number) for number in range(500)]
    proxy = FaultProxy(tilebox_api.port, rate=0.3, seed=20250711)

    def publish_one(path):
        api = connect(proxy.url, tilebox_api.key)
        try:
            return publish(path, api).to_dict()
        finally:
            api.close()

    try:
        with ThreadPoolExecutor(8) as pool:
            reports = list(pool.map(publish_one, paths))
    finally:
        proxy.close()
    assert len(proxy.log) - proxy.counts[None] > 0.25 * len(proxy.log)
    assert min(proxy.counts[fault] for fault in proxy.faults) > 50
    there = {(slug, *release) for slug, releases in tilebox_api.state()["releases"].items() for release in releases}
    assert sum(map(len, tilebox_api.state()["releases"].values())) == 500
    assert there == {(report["workflow"], report["fingerprint"], report["digest"]) for report in reports}
    assert tilebox_api.state()["artifacts"] == 500


def test_a_way_that_is_cut_at_any_point_loses_and_doubles_nothing(tilebox_api, api, make_release):
    cuts, slugs = 0, [f"workflow-{number}" for number in range(20)]
    tilebox_api.sdk(f"result = [client.workflows().create(slug, 'a test').slug for slug in {slugs}]")
    for limit, slug in enumerate(slugs, 1):
        path, proxy = make_release(slug=slug), FaultProxy(tilebox_api.port, limit=limit)
        cut = connect(proxy.url, tilebox_api.key, Retries(attempts=1))
        try:
            publish(path, cut)
        except PublishError:
            cuts += 1
        else:
            break
        finally:
            cut.close()
            proxy.close()
        publish(path, api)
        assert len(tilebox_api.state()["releases"][slug]) == 1
    # The last publication was not cut: before it, each of its requests was the last one once.
    assert cuts == len(proxy.log) > 5


def command(*arguments, env, **options):
    line = [sys.executable, "-m", "hatch_tilebox", *arguments]
    return subprocess.run(line, env=env, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def shell(clean_env, tilebox_api, tmp_path):
    """The environment of a user who has set URL and key, and whose hatch has a configuration of this test's own."""
    (tmp_path / "hatch.toml").touch()
    return {
        **clean_env,
        "TILEBOX_API_URL": tilebox_api.url,
        "TILEBOX_API_KEY": tilebox_api.key,
        "HATCH_TILEBOX_PUBLISH_TO": "tilebox",
        "HATCH_TILEBOX_PUBLISH_ARTIFACT_URL": f"{tilebox_api.url}/artifacts",
        "HATCH_CONFIG": str(tmp_path / "hatch.toml"),
        "HATCH_TILEBOX_PUBLISH_STALE": "true",  # archives here are not built from a project
    }


@pytest.fixture
def folder(tmp_path):
    """A workflow project as far as publishing looks at it."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project/tilebox.workflow.toml").write_text(
        f'[workflow]\nslug = "{SLUG}"\nrunner = "scene_qa.runner:runner"\n'
        '[build]\ninclude = ["**"]\n[targets.live]\nclusters = ["staging", "production"]\n'
    )
    (tmp_path / "project/pyproject.toml").write_text('[project]\nname = "scene-qa"\nversion = "1.0.0"\n')
    return tmp_path / "project"


def test_from_the_command_line_to_the_clusters_and_back(tilebox_api, workflow, make_release, shell, folder):
    dist = folder / "dist"
    make_release().parent.rename(dist)
    published = command("publish", "--deploy", "live", "--json", env=shell, cwd=folder)
    assert published.returncode == 0, published.stderr
    report = check_output("publish", published.stdout)
    assert report["created"] is True
    assert report["deployment"]["clusters"] == ["staging", "production"]
    assert "To go back" in published.stderr
    again = json.loads(command("publish", "--json", env=shell, cwd=folder).stdout)
    assert (again["created"], again["id"]) == (False, report["id"])
    listed = check_output("releases", command("releases", "--json", env=shell, cwd=folder).stdout)["releases"]
    assert [(release["id"], release["clusters"]) for release in listed] == [(report["id"], ["staging", "production"])]
    gone = command("undeploy", "--latest", "--target", "live", "--json", env=shell, cwd=folder)
    assert check_output("undeploy", gone.stdout)["before"] == {"staging": report["id"], "production": report["id"]}
    back = command("deploy", "--release", report["id"], "--cluster", "staging", env=shell, cwd=folder)
    assert back.stdout == f"{report['id']} runs on staging\n"
    assert f"hatch-tilebox undeploy --to tilebox --workflow {SLUG} --release {report['id']} --cluster staging" in back.stderr
    assert tilebox_api.state()["clusters"] == {"default-cluster": [], "staging": [SLUG], "production": [], "canary": []}


def test_a_version_that_this_machine_has_published_is_reported(workflow, make_release, shell, folder):
    dist = folder / "dist"
    make_release().parent.rename(dist)
    first = json.loads(command("publish", "--json", env=shell, cwd=folder).stdout)
    make_release(content=b"print('other')\n").replace(dist / "scene_qa-1.0.0.tbrelease")
    refused = command("publish", "--unique-versions", env=shell, cwd=folder)
    assert refused.returncode == 1
    assert f"already has version 1.0.0 with other content: release {first['id']}" in refused.stderr
    second = command("publish", "--json", env=shell, cwd=folder)
    assert "warning[TBX512]" in second.stderr
    listed = json.loads(command("releases", "--json", env=shell, cwd=folder).stdout)["releases"]
    assert [(release["id"], release["version"]) for release in listed] == [
        (json.loads(second.stdout)["id"], "1.0.0"),
        (first["id"], "1.0.0"),
    ]
    other_machine = {**shell, "HATCH_TILEBOX_STATE_DIR": str(folder / "empty")}
    listed = json.loads(command("releases", "--json", env=other_machine, cwd=folder).stdout)["releases"]
    assert [release["version"] for release in listed] == [None, None]


def test_a_refused_publication_with_a_deployment_reports_its_steps(tilebox_api, workflow, make_release, shell, folder):
    dist = folder / "dist"
    make_release().parent.rename(dist)
    assert command("publish", env=shell, cwd=folder).returncode == 0
    make_release(content=b"print('other')\n").replace(dist / "scene_qa-1.0.0.tbrelease")
    refused = command("publish", "--deploy", "live", "--unique-versions", "--json", "dist", env=shell, cwd=folder)
    report = check_output("publish", refused.stdout)
    assert refused.returncode == 1
    *done, last = report["steps"]
    assert (last["result"], report["id"], report["deployment"]) == ("refused", None, None)
    assert "plan-deployment" in [step["step"] for step in done]
    assert {step["step"] for step in report["steps"]} & {"upload", "register", "deploy"} == set()
    assert tilebox_api.state()["clusters"]["staging"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "either --release ID or --latest"),
        (["--latest", "--release", "x"], "either --release ID or --latest"),
        (["--latest", "--target", "live", "--cluster", "a"], "cannot be used together"),
        (["--latest", "--cluster", "a,,b"], "empty slug"),
    ],
)
def test_selectors_of_a_deployment_are_exclusive(shell, folder, arguments, says):
    result = command("deploy", *arguments, env=shell, cwd=folder)
    assert result.returncode == 2
    assert says in result.stderr


def test_an_unknown_target_names_the_known_ones(shell, folder):
    result = command("deploy", "--latest", "--target", "prod", env=shell, cwd=folder)
    assert result.returncode == 1
    assert "no target 'prod'" in result.stderr
    assert "live" in result.stderr


def test_the_key_is_never_shown(tilebox_api, workflow, make_release, shell, folder):
    """Not in output, logs or tracebacks, not even when the server repeats it."""
    script = """
import logging, os, sys, traceback
logging.basicConfig(level=logging.DEBUG)
from pathlib import Path
from hatch_tilebox.publish.open import open_destination
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.settings import Settings
try:
    settings = Settings(to="tilebox", artifact_url=os.environ["HATCH_TILEBOX_PUBLISH_ARTIFACT_URL"])
    with open_destination(settings, Path.cwd()) as destination:
        print(destination, vars(destination).keys(), destination.url)
        print(publish_release(open_release(Path(sys.argv[1])), destination))
except BaseException:
    traceback.print_exc()
"""
    path = make_release()
    wrong = "wrong-Key.8d1"
    for key in (tilebox_api.key, wrong, f"{wrong} with space", f"{wrong}\n\x07", f"{wrong}é"):
        env = {**shell, "TILEBOX_API_KEY": key}
        secret = key.strip().partition(" ")[0].partition("\n")[0].rstrip("é")
        logs = subprocess.run([sys.executable, "-c", script, path], env=env, capture_output=True, text=True, check=False)
        shown = command("publish", path, "-v", env=env, cwd=folder)
        for text in (logs.stdout, logs.stderr, shown.stdout, shown.stderr):
            assert secret not in text
        assert (shown.returncode == 0) == (key == tilebox_api.key), shown.stderr
    unknown = command("publish", path, env={**shell, "TILEBOX_API_KEY": wrong}, cwd=folder)
    assert "bad: Bearer ***" in unknown.stderr
    assert "TILEBOX_API_KEY" in unknown.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
@pytest.mark.parametrize("program", [["hatch_tilebox", "publish"], ["hatch", "publish", "-p", "tilebox"]])
def test_the_key_is_asked_for_at_a_terminal_and_not_echoed(tilebox_api, workflow, shell, folder, make_release, program):
    import pexpect

    env = {**shell, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "TERM": "dumb"}
    del env["TILEBOX_API_KEY"]
    arguments = ["-m", *program, str(make_release())]
    with pexpect.spawn(sys.executable, arguments, env=env, cwd=folder, encoding="utf-8", timeout=30) as terminal:
        terminal.expect("Key for http://127.0.0.1:[0-9]+")
        terminal.sendline(tilebox_api.key)
        shown = terminal.read()
    assert tilebox_api.key not in shown
    assert len(tilebox_api.state()["releases"][SLUG]) == 1


def test_the_key_is_kept_and_found_in_a_keyring(tilebox_api, workflow, shell, folder, make_release, tmp_path):
    """As in the hint: with the command of keyring and a real backend that writes to a file."""
    env = {**shell, "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring", "XDG_DATA_HOME": str(tmp_path / "data")}
    del env["TILEBOX_API_KEY"]
    keep = [sys.executable, "-m", "keyring", "set", tilebox_api.url, "__token__"]
    subprocess.run(keep, env=env, input=tilebox_api.key, text=True, check=True)
    result = command("publish", make_release(), env=env, cwd=folder)
    assert result.returncode == 0, result.stderr
    assert len(tilebox_api.state()["releases"][SLUG]) == 1


def test_a_large_archive_is_sent_in_bounded_memory(tilebox_api, workflow, api, make_release):
    local = open_release(make_release(content=random.Random(1).randbytes(32 * 2**20)))
    tracemalloc.start()
    try:
        publish_release(local, api)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert tilebox_api.state()["releases"][SLUG] == [[local.manifest.fingerprint, local.artifact.sha256]]


def test_an_upload_that_is_not_accepted_names_the_other_way(tilebox_api, workflow, make_release):
    api = connect(tilebox_api.url, tilebox_api.key, path="elsewhere")
    try:
        with pytest.raises(PublishError, match=r"the artifact was not accepted(.|\n)*how Tilebox takes artifacts is not public"):
            publish(make_release(), api)
    finally:
        api.close()
    assert tilebox_api.state()["releases"][SLUG] == []


def test_without_a_key_the_way_to_one_is_told(shell, folder, make_release):
    env = {**shell, "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    del env["TILEBOX_API_KEY"]
    result = command("publish", make_release(), env=env, cwd=folder)
    assert result.returncode == 1
    assert "no key for http://127.0.0.1" in result.stderr
    assert "set TILEBOX_API_KEY" in result.stderr
