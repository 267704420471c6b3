"""OCI registries as destinations, against a real one."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import stat
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest
from at_once import at_once
from fault_proxy import FaultProxy
from hand_made_releases import write_sbom
from loopback import json_answer, serve
from output_schema import check_output

from hatch_tilebox.core.errors import IncompatibleError, PublishError
from hatch_tilebox.core.model import Task
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.attachments import fetch_documents
from hatch_tilebox.publish.fetch import fetch_release, select_published
from hatch_tilebox.publish.http.retries import Retries
from hatch_tilebox.publish.oci import upload as oci_upload
from hatch_tilebox.publish.oci.repository import MANIFEST_TYPE, OciRepository
from hatch_tilebox.publish.service import open_release, publish_release

pytestmark = pytest.mark.service

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
QUICK = Retries(attempts=12, first=0.001, longest=0.02)
USER, PASSWORD = "ada", "pass-Word.3c7"
HTPASSWD = "ada:$2b$05$Kec7TUiNGGUP7gCH80FrsOE1baq2mBGTrny9iNgl5DQvXBXLLzlwC\n"


@pytest.fixture
def repository():
    """A function that opens a repository of the registry on a port."""
    with ExitStack() as stack:

        def open_repository(port, name="acme/scene-qa"):
            destination = OciRepository(f"oci://127.0.0.1:{port}/{name}", retries=QUICK)
            stack.callback(destination.close)
            return destination

        yield open_repository


def publish(path, destination, **options):
    return publish_release(open_release(path), destination, **options)


def get(port, path, accept=MANIFEST_TYPE):
    with urlopen(Request(f"http://127.0.0.1:{port}/v2/acme/scene-qa/{path}", headers={"Accept": accept})) as response:
        return response.read()


@pytest.fixture(autouse=True)
def docker_config(tmp_path, monkeypatch):
    """A separate docker configuration for each test."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder / "config.json"


def noise(size, seed=1):
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def test_a_release_is_published_once_and_comes_back(oci_registry, make_release, tmp_path, repository):
    port = oci_registry()
    path, destination = make_release(version="1.0.0+local.7"), repository(port)
    first, second = publish(path, destination), publish(path, destination)
    assert (first.created, second.created) == (True, False)
    assert first.release == second.release
    local = fetch_release(destination, select_published(destination, None, None), tmp_path)
    assert local.artifact.path.read_bytes() == path.read_bytes()
    assert destination.manifest(first.release) == local.manifest
    tags = json.loads(get(port, "tags/list"))["tags"]
    identity = f"{local.manifest.fingerprint}-{local.artifact.sha256[:16]}"
    assert sorted(tags) == sorted(["1.0.0_local.7", "latest", identity, f"{identity}.claim"])


def test_the_registry_holds_what_other_tools_understand(oci_registry, make_release, repository):
    port = oci_registry()
    path = make_release()
    release = publish(path, repository(port)).release
    body = get(port, "manifests/latest")
    manifest = json.loads(body)
    assert release.id == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert manifest["artifactType"] == "application/vnd.hatch-tilebox.release.v1"
    (layer,) = manifest["layers"]
    assert layer["annotations"] == {"org.opencontainers.image.title": "scene_qa-1.0.0.tbrelease"}
    assert get(port, f"blobs/{layer['digest']}", "*/*") == path.read_bytes()
    assert json.loads(get(port, f"blobs/{manifest['config']['digest']}", "*/*"))["workflow"]["slug"] == release.workflow


def test_an_sbom_is_a_referrer_of_the_release(oci_registry, make_release, repository):
    port, path = oci_registry(), make_release()
    sbom = write_sbom(path)
    release = publish(path, repository(port)).release
    publish(path, repository(port))
    index = json.loads(get(port, f"manifests/{release.id.replace(':', '-')}", "application/vnd.oci.image.index.v1+json"))
    (listed,) = index["manifests"]
    assert listed["artifactType"] == "application/vnd.cyclonedx+json"
    manifest = json.loads(get(port, f"manifests/{listed['digest']}"))
    assert manifest["subject"]["digest"] == release.id
    (layer,) = manifest["layers"]
    assert layer["annotations"] == {"org.opencontainers.image.title": "scene_qa-1.0.0.cdx.json"}
    assert get(port, f"blobs/{layer['digest']}", "*/*") == sbom.read_bytes()
    assert [each.id for each in repository(port).releases(None)] == [release.id]


class ListsReferrers(FaultProxy):
    """A registry that lists referrers itself, in pages of one."""

    def forward(self, handler):
        place = urlsplit(handler.path)
        start, api, subject = place.path.partition("/referrers/")
        if not api:
            return super().forward(handler)
        page = int(parse_qs(place.query).get("page", ["0"])[0])
        index = json.loads(get(self.target, f"manifests/{subject.replace(':', '-')}", INDEX_TYPE))
        more = page + 1 < len(index["manifests"])
        index["manifests"] = index["manifests"][page : page + 1]
        link = [("Link", f'<{start}{api}{subject}?page={page + 1}>; rel="next"')] if more else []
        return 200, [*link, ("Content-Type", INDEX_TYPE)], json.dumps(index).encode()


@pytest.mark.parametrize("api", [False, True], ids=["tag", "api"])
def test_documents_come_back_with_the_release(oci_registry, make_release, repository, tmp_path, api):
    port, path = oci_registry(), make_release()
    sbom = write_sbom(path)
    statement = path.with_suffix(".provenance.json")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    subject = {"name": path.name, "digest": {"sha256": digest}}
    statement.write_text(json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": [subject]}))
    publish(path, repository(port))
    proxy = (ListsReferrers if api else FaultProxy)(port)
    try:
        destination = repository(urlsplit(proxy.url).port)
        release = select_published(destination, None, None)
        local = fetch_release(destination, release, tmp_path / "got")
        written = fetch_documents(destination, release, local, Progress())
    finally:
        proxy.close()
    assert any("manifests/sha256-" in place for _, place, _ in proxy.log) is not api
    assert [document.read_bytes() for document in written] == [sbom.read_bytes(), statement.read_bytes()]
    assert [document.name for document in written] == [sbom.name, statement.name]


def test_referrers_of_others_do_not_count(oci_registry, make_release, repository):
    """An index that lists what is not there, what is of another type, and what is about another manifest."""
    port, path = oci_registry(), make_release()
    write_sbom(path)
    destination = repository(port)
    release = publish(path, destination).release
    tag = f"manifests/{release.id.replace(':', '-')}"
    index = json.loads(get(port, tag, INDEX_TYPE))
    (good,) = index["manifests"]
    claimed = {**good, "digest": release.id, "size": len(get(port, f"manifests/{release.id}"))}
    index["manifests"] = [claimed, {**good, "artifactType": "text/html"}, good]
    body = json.dumps(index).encode()
    request = Request(f"http://127.0.0.1:{port}/v2/acme/scene-qa/{tag}", body, {"Content-Type": INDEX_TYPE}, method="PUT")
    urlopen(request).close()
    (found,) = destination.attachments(release, ["application/vnd.cyclonedx+json"])
    assert found.content == path.with_suffix(".cdx.json").read_bytes()
    assert list(destination.attachments(release, ["application/vnd.in-toto+json"])) == []


def test_the_oras_client_pulls_the_archive(oci_registry, make_release, repository, sdk_python, tmp_path):
    port, path = oci_registry(), make_release()
    publish(path, repository(port))
    script = (
        "import oras.client\n"
        f"client = oras.client.OrasClient(hostname='127.0.0.1:{port}', insecure=True)\n"
        f"client.pull(target='127.0.0.1:{port}/acme/scene-qa:1.0.0', outdir={str(tmp_path / 'out')!r})"
    )
    subprocess.run([sdk_python, "-c", script], check=True, capture_output=True)
    assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()


def test_latest_is_the_one_published_last(oci_registry, make_release, repository):
    destination = repository(oci_registry())
    for version in ("1.10.0", "1.9.0"):
        publish(make_release(version=version, content=version.encode()), destination)
    assert [release.version for release in destination.releases(None)] == ["1.9.0", "1.10.0"]
    publish(make_release(version="1.8.0", content=b"1.8.0"), destination)
    assert [release.version for release in destination.releases(None)] == ["1.8.0", "1.10.0", "1.9.0"]


def test_a_limited_list_reads_the_highest_versions(oci_registry, make_release, repository):
    destination = repository(oci_registry())
    for version in ("1.10.0", "2.0.0+cuda.12", "1.9.0", "2.0.0", "1.8.0"):
        publish(make_release(version=version, content=version.encode()), destination)

    def listed(limit, workflow="scene-qa-5y9aK2"):
        asked = []
        send = destination._registry.send
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(destination._registry, "send", lambda *given, **named: asked.append(given) or send(*given, **named))
            found, total = destination.newest(workflow, limit)
        assert len({release.id for release in found}) == len(found)
        return [release.version for release in found], total, len(asked)

    assert listed(1) == (["1.8.0"], 5, 2)
    assert listed(3) == (["1.8.0", "2.0.0+cuda.12", "2.0.0"], 5, 5)
    assert listed(5)[:2] == (["1.8.0", "2.0.0+cuda.12", "2.0.0", "1.10.0", "1.9.0"], 5)
    # A version that was published twice has two releases and one tag; both are in the list.
    publish(make_release(version="1.9.0", content=b"again"), destination, allow_same_version=True)
    assert listed(2)[:2] == (["1.9.0", "2.0.0+cuda.12"], 6)
    assert listed(6)[:2] == (["1.9.0", "2.0.0+cuda.12", "2.0.0", "1.10.0", "1.9.0", "1.8.0"], 6)
    # A repository with several workflows cannot be counted without reading it.
    publish(make_release(slug="other", version="3.0.0"), destination)
    assert listed(1)[:2] == (["2.0.0+cuda.12"], None)
    assert listed(7)[:2] == (["2.0.0+cuda.12", "2.0.0", "1.10.0", "1.9.0", "1.9.0", "1.8.0"], 6)


def test_a_version_is_a_tag_that_does_not_move(oci_registry, make_release, repository):
    destination = repository(oci_registry())
    first = publish(make_release(version="2.0.0"), destination).release
    other = make_release(version="2.0.0", content=b"print('other')\n")
    with pytest.raises(PublishError, match=f"already has version 2.0.0 with other content: release {first.id}"):
        publish(other, destination)
    assert [release.id for release in destination.releases(None)] == [first.id]
    assert publish(other, destination, allow_same_version=True).created is True


def test_a_breaking_change_is_stopped(oci_registry, make_release, repository):
    destination = repository(oci_registry())
    publish(make_release(), destination)
    breaking = make_release(version="2.0.0", tasks=(Task("tests.Greet", "v1.1", {"type": "integer"}),))
    with pytest.raises(IncompatibleError, match=r"breaks jobs of 1\.0\.0"):
        publish(breaking, destination)
    assert publish(breaking, destination, allow_breaking=True).created
    assert [release.version for release in destination.releases(None)] == ["2.0.0", "1.0.0"]


def test_an_empty_repository_has_no_releases(oci_registry, repository):
    assert repository(oci_registry()).releases(None) == []


def test_pieces_arrive_in_order_and_memory_is_bounded(oci_registry, make_release, monkeypatch, repository):
    port = oci_registry()
    path = make_release(content=noise(40 * 2**20))
    proxy, seen = FaultProxy(port, rate=0, seed=0), []

    class Listener(Progress):
        def transferred(self, done, total):
            seen.append((done, total))

    destination = repository(urlsplit(proxy.url).port)
    local = open_release(path)
    tracemalloc.start()
    try:
        publish_release(local, destination, progress=Listener())
        # The proxy of this test holds a request and its answer; the publication holds a chunk.
        assert tracemalloc.get_traced_memory()[1] < 3 * oci_upload.PIECE
    finally:
        tracemalloc.stop()
        proxy.close()
    assert [method for method, _, _ in proxy.log].count("PATCH") == 6
    assert seen[-1] == (local.artifact.size, local.artifact.size)
    assert get(port, f"blobs/sha256:{local.artifact.sha256}", "*/*") == path.read_bytes()


def test_an_interrupted_upload_goes_on_where_it_was(oci_registry, make_release, monkeypatch, repository):
    monkeypatch.setattr(oci_upload, "PIECE", 2**14)
    port, path = oci_registry(), make_release(content=noise(2**20))
    proxy = FaultProxy(port, rate=0.2, seed=3, faults=("429", "503", "slow"))
    try:
        publish(path, repository(urlsplit(proxy.url).port))
    finally:
        proxy.close()
    log = [(method, fault) for method, path, fault in proxy.log if "uploads" in path]
    assert {("PATCH", "429"), ("PATCH", "503")} <= set(log)
    methods = [method for method, fault in log if fault in {None, "slow"}]
    assert "POST" not in methods[methods.index("PATCH") :]
    assert methods.count("PATCH") == -(-path.stat().st_size // 2**14)


def test_100_publishes_under_faults_make_one_release_each(oci_registry, make_release, monkeypatch, repository):
    monkeypatch.setattr(oci_upload, "PIECE", 2**13)
    port = oci_registry()
    proxy = FaultProxy(port, rate=0.3, seed=20250712)
    paths = [make_release(version=f"1.0.{number}", content=noise(2**14, number)) for number in range(100)]

    def publish_one(number):
        return publish(paths[number], repository(urlsplit(proxy.url).port, f"acme/scene-{number % 10}")).release

    try:
        with ThreadPoolExecutor(4) as pool:
            published = list(pool.map(publish_one, range(100)))
    finally:
        proxy.close()
    assert min(proxy.counts[fault] for fault in proxy.faults) > 30
    there = [release for n in range(10) for release in repository(port, f"acme/scene-{n}").releases(None)]
    assert len(there) == 100
    assert {release.id for release in there} == {release.id for release in published}


def test_a_way_that_is_cut_at_any_point_loses_and_doubles_nothing(oci_registry, make_release, repository):
    path, cuts = make_release(), 0
    port = oci_registry()
    for limit in range(1, 40):
        name = f"acme/scene-{limit}"
        proxy = FaultProxy(port, limit=limit)
        cut = OciRepository(f"oci://127.0.0.1:{urlsplit(proxy.url).port}/{name}", retries=Retries(attempts=1, first=0, longest=0))
        try:
            publish(path, cut)
        except PublishError:
            cuts += 1
        else:
            break
        finally:
            cut.close()
            proxy.close()
        release = publish(path, repository(port, name)).release
        assert repository(port, name).releases(None) == [release]
        assert {repository(port, name)._tagged(tag) for tag in ("1.0.0", "latest")} == {release}
    assert cuts > 8


def test_a_fetch_resumes_where_it_broke(oci_registry, make_release, tmp_path, repository):
    port = oci_registry()
    path = make_release(content=noise(2**20))
    publish(path, repository(port))
    proxy = FaultProxy(port, rate=0.5, seed=5, faults=("truncated",))
    try:
        destination = repository(urlsplit(proxy.url).port)
        local = fetch_release(destination, select_published(destination, None, None), tmp_path)
    finally:
        proxy.close()
    assert local.artifact.path.read_bytes() == path.read_bytes()


def _publish(path, port):
    publication = publish(path, OciRepository(f"oci://127.0.0.1:{port}/acme/scene-qa"))
    return publication.release.id, publication.created


def test_twenty_processes_make_one_release(oci_registry, make_release, repository):
    port = oci_registry()
    outcomes = at_once(_publish, make_release(), port)
    assert len({identifier for identifier, _ in outcomes}) == 1
    created = [created for _, created in outcomes]
    # A publisher that the machine held up for too long does not know, and never claims wrongly.
    assert created.count(True) == 1 or (created.count(True) == 0 and None in created)
    assert len(repository(port).releases(None)) == 1


@pytest.fixture
def basic_registry(oci_registry, tmp_path):
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    return oci_registry(f"auth: {{htpasswd: {{realm: tests, path: {tmp_path / 'htpasswd'}}}}}\n")


def log_in(docker_config, port, password=PASSWORD):
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    docker_config.write_text(json.dumps({"auths": {f"127.0.0.1:{port}": {"auth": auth}}}))
    return auth


def test_basic_authentication_with_docker_credentials(basic_registry, docker_config, make_release, tmp_path, repository):
    log_in(docker_config, basic_registry)
    path, destination = make_release(content=noise(2**16)), repository(basic_registry)
    assert publish(path, destination).created
    fetched = fetch_release(destination, select_published(destination, None, None), tmp_path / "to")
    assert fetched.artifact.path.read_bytes() == path.read_bytes()


def test_a_credential_helper_is_asked(basic_registry, docker_config, make_release, monkeypatch, tmp_path, repository):
    helper = tmp_path / "bin/docker-credential-tests"
    helper.parent.mkdir()
    helper.write_text(
        f'#!/bin/sh\nread server\n[ "$1 $server" = "get 127.0.0.1:{basic_registry}" ] || exit 1\n'
        f'echo \'{{"Username": "{USER}", "Secret": "{PASSWORD}"}}\'\n'
    )
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(helper.parent), prepend=":")
    docker_config.write_text(json.dumps({"credsStore": "tests"}))
    assert publish(make_release(), repository(basic_registry)).created


def test_without_or_with_wrong_credentials_login_is_advised(basic_registry, docker_config, make_release, repository):
    path = make_release()
    with pytest.raises(PublishError, match=r"answered 401\n  (.|\n)*docker login REGISTRY"):
        publish(path, repository(basic_registry))
    auth = log_in(docker_config, basic_registry, "no-Pass.9e1")
    with pytest.raises(PublishError, match="docker login REGISTRY") as caught:
        publish(path, repository(basic_registry))
    assert "no-Pass.9e1" not in str(caught.value)
    assert auth not in str(caught.value)


@pytest.fixture
def token_server():
    """Gives tokens to those who know the password. Its URL, and a log of the requests that it got."""

    def answer(_method, _path, headers, _body):
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if headers["Authorization"] == f"Basic {basic}":
            return json_answer({"token": "tok-En.5a5"})
        return json_answer({"details": f"bad {headers['Authorization']}"}, 401)

    with serve(answer) as (host, requests):
        yield f"http://{host}/token", requests


def test_token_authentication(oci_registry, token_server, docker_config, make_release, repository):
    realm, requests = token_server
    port = oci_registry(f"auth: {{silly: {{realm: '{realm}', service: tests}}}}\n")
    log_in(docker_config, port)
    assert publish(make_release(), repository(port)).created
    asked = [parse_qs(urlsplit(path).query) for _, path, _ in requests]
    assert asked[-1]["service"] == ["tests"]
    assert {scope for query in asked for scope in query["scope"]} <= {
        "repository:acme/scene-qa:pull",
        "repository:acme/scene-qa:pull,push",
        "repository:acme/scene-qa:push,pull",
    }
    wrong = log_in(docker_config, port, "no-Pass.9e1")
    with pytest.raises(PublishError, match="returned no token") as caught:
        publish(make_release(), repository(port))
    assert "bad Basic ***" in str(caught.value)
    assert wrong not in str(caught.value)


def test_from_the_command_line(basic_registry, docker_config, make_release, clean_env, tmp_path):
    log_in(docker_config, basic_registry)
    path = make_release()
    env = {**clean_env, "DOCKER_CONFIG": str(docker_config.parent), "HATCH_CONFIG": str(tmp_path / "none.toml")}
    url = f"oci://127.0.0.1:{basic_registry}/acme/scene-qa"

    def command(*arguments):
        line = [sys.executable, "-m", "hatch_tilebox", *arguments, "--json"]
        result = subprocess.run(line, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert PASSWORD not in result.stdout + result.stderr
        return check_output(arguments[0], result.stdout)

    published = command("publish", path, "--to", url)
    assert published["url"] == f"{url}@{published['id']}"
    assert command("releases", url)["releases"][0]["id"] == published["id"]
    assert command("fetch", url, "--to", "here")["digest"] == published["digest"]
    assert (tmp_path / "here" / path.name).read_bytes() == path.read_bytes()
