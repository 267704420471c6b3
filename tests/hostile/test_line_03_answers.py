"""Answers of services and files of stores are limited, and never redirect to other hosts."""

from __future__ import annotations

import gzip
import json
import os
import zipfile

import pytest
from foreign_answers import MANIFEST, forged_archive, registry, run, store_with
from loopback import serve

from hatch_tilebox.archive.embedded import EMBEDDED_PATH
from hatch_tilebox.publish.http.client import MAX_ANSWER

DATA = forged_archive()
KEY = {"TILEBOX_API_KEY": "tbx-key"}


def circle(_path):
    return 200, {"Link": '</v2/a/b/tags/list?last=x>; rel="next"'}, b'{"tags": ["x"]}'


def elsewhere(_path):
    return 200, {"Link": '<http://127.0.0.1:9/v2/a/b/tags/list>; rel="next"'}, b'{"tags": ["x"]}'


def endless(path):
    number = int(path.rpartition("=")[2])
    return 200, {"Link": f'</v2/a/b/tags/list?last={number + 1}>; rel="next"'}, b'{"tags": []}'


def body(content):
    return lambda _path: (200, {"Content-Type": "application/json; charset=zlib"}, content)


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        (circle, "in a circle"),
        (elsewhere, "leads to http://127.0.0.1:9"),
        (endless, "on more than 1000 pages"),
        (body(b"[" * 100_000), "the answer is not a list of tags"),
        (body(b'{"tags": [], "tags": ["x"]}'), "the answer is not a list of tags"),
        (body(b'{"tags": [' + b"9" * 5000 + b"]}"), "the answer is not a list of tags"),
        (body(b'{"tags": ["\\ud800"]}'), "the answer is not a list of tags"),
        (body(b'{"tags": ["\xff"]}'), "the answer is not a list of tags"),
        (body(bytes(MAX_ANSWER + 1)), "the answer has more than 64 MiB"),
    ],
)
def test_lists_of_a_registry(tmp_path, tags, says):
    with serve(registry(DATA, tags=tags)) as (host, _):
        code, _, err = run("releases", f"oci://{host}/a/b", folder=tmp_path)
    assert code == 1
    assert says in err


def test_a_proxy_that_compresses_a_download_nobody_asked_it_to(tmp_path):
    def blob(_method, _path, _headers, content):
        packed = gzip.compress(content)
        return 200, {"Content-Encoding": "gzip", "Content-Length": len(packed)}, packed

    with serve(registry(DATA, blob=blob)) as (host, log):
        code, out, err = run("fetch", f"oci://{host}/a/b", "--to", tmp_path / "to", folder=tmp_path)
    assert code == 0, err
    assert [path.read_bytes() for path in (tmp_path / "to").iterdir()] == [DATA]
    assert out.strip().endswith(".tbrelease")
    assert {headers["Accept-Encoding"] for _, _, headers in log} == {"identity"}


@pytest.mark.parametrize(
    ("location", "says"),
    [("http://198.51.100.1/x", "downloads use https only"), ("/v2/a/b/blobs/{name}", "more than 5 redirects")],
)
def test_a_download_is_not_led_away_from_https_or_in_a_circle(tmp_path, location, says):
    def blob(method, path, _headers, content):
        there = location.format(name=path.rpartition("/")[2])
        return (200, {}, content) if method == "HEAD" else (307, {"Location": there}, b"")

    with serve(registry(DATA, blob=blob)) as (host, _):
        code, _, err = run("fetch", f"oci://{host}/a/b", "--to", tmp_path / "to", folder=tmp_path)
    assert code == 1
    assert says in err
    assert not list((tmp_path / "to").iterdir())


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:9/x", "https://{host}/x", "http://u:p@{host}/x", "http://[", "//198.51.100.1/x"]
)
def test_an_upload_stays_with_the_registry(tmp_path, location):
    where = []

    def answer(method, path, _headers, _body):
        if method == "POST":
            return 202, {"Location": location.format(host=where[0])}, b""
        return (200, {}, b'{"tags": []}') if "/tags/" in path else (404, {}, b"")

    (tmp_path / "x.tbrelease").write_bytes(DATA)
    with serve(answer) as (host, log):
        where.append(host)
        code, _, err = run("publish", tmp_path / "x.tbrelease", "--to", f"oci://{host}/a/b", folder=tmp_path)
    assert code == 1
    assert "another host, another port or not https" in err
    assert "PUT" not in {method for method, _, _ in log}


@pytest.mark.parametrize("token", [3, {"a": 1}, "ü", "a\nb", "x" * 70_000, ""])
def test_tokens_of_a_registry(tmp_path, token):
    def answer(_method, path, headers, _body):
        if path.startswith("/token"):
            return 200, {}, json.dumps({"token": token}).encode()
        return 401, {"WWW-Authenticate": f'Bearer realm="http://{headers["Host"]}/token"'}, b""

    with serve(answer) as (host, _):
        code, _, err = run("releases", f"oci://{host}/a/b", folder=tmp_path, DOCKER_CONFIG=str(tmp_path))
    assert code == 1
    assert "returned no token" in err


@pytest.mark.parametrize("page", [{"startingAfter": "a"}, None])
def test_pages_of_the_api(tmp_path, page):
    pages = iter(range(10_000))

    def answer(_method, _path, _headers, _body):
        return 200, {}, json.dumps({"workflows": [], "nextPage": page or {"startingAfter": str(next(pages))}}).encode()

    with serve(answer) as (host, _):
        code, _, err = run("releases", f"http://{host}", folder=tmp_path, **KEY)
    assert code == 1
    assert ("in a circle" if page else "on more than 1000 pages") in err


def wheel(path, content, *, times=1):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(times):
            file.writestr(f"a-{number}.dist-info/extra_metadata/{EMBEDDED_PATH}", content)


def embedded(**about):
    artifact = {"filename": "scene_qa-1.0.tbrelease", "sha256": "0" * 64, "size": 3, **about}
    return json.dumps({**MANIFEST.to_dict(), "artifact": artifact}).encode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (bytes(200 * 2**20), "has more than"),
        (b"[" * 100_000, "levels"),
        (b"\xff", "not UTF-8"),
        (embedded(filename="../../x"), "its artifact must be"),
        (embedded(size=1e300), "its artifact must be"),
        (embedded(sha256="no"), "its artifact must be"),
        (b"[]", "its artifact must be"),
        (embedded()[:-2] + b', "size": 1e999}}', "1e999 is not JSON"),
    ],
)
def test_the_release_of_a_wheel(tmp_path, content, says):
    wheel(tmp_path / "a-1-py3-none-any.whl", content)
    code, _, err = run("inspect", tmp_path / "a-1-py3-none-any.whl", folder=tmp_path)
    assert code == 1
    assert says in err


def strange(store):
    slug = MANIFEST.workflow.slug
    for path in (f"workflows/{slug}/notes-old.json", "workflows/notes-old.json", "clusters/default/notes-old.txt", ".DS_Store"):
        (store / path).parent.mkdir(parents=True, exist_ok=True)
        (store / path).write_text("[")
    old = store / "incoming" / "folder"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    (store / "workflows" / "a b").mkdir()
    (store / "workflows" / "other").mkdir()


def test_strange_files_in_a_store(tmp_path):
    store = store_with(tmp_path / "store", DATA)
    strange(store)
    (tmp_path / "x.tbrelease").write_bytes(DATA)
    assert run("publish", tmp_path / "x.tbrelease", "--to", store, folder=tmp_path)[0] == 0
    code, out, _ = run("releases", store, "--json", folder=tmp_path)
    assert (code, len(json.loads(out)["releases"])) == (0, 2)
    assert (store / "incoming" / "folder").is_dir()


@pytest.mark.parametrize("kind", ["folder", "pipe", "huge", "deep", "unreadable"])
@pytest.mark.parametrize("place", ["tilebox-store.json", "record", "blob", "note"])
def test_a_store_with_something_else_in_the_place_of_a_file(tmp_path, kind, place):
    store = store_with(tmp_path / "store", DATA)
    path = {
        "record": next(store.glob("workflows/*/*.json")),
        "blob": next(store.glob("blobs/*/*/*")),
        "note": store / "clusters" / "default" / f"{MANIFEST.workflow.slug}.json",
    }.get(place, store / place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "unreadable":
        path.symlink_to(path)  # rights do not bind root; a link that loops binds everybody
    else:
        path.write_bytes(b"[" * (10**7 if kind == "huge" else 10_000))
    code, _, err = run("fetch", store, "--to", tmp_path / "to", folder=tmp_path)
    assert code == 1
    assert err.strip()
    assert not (tmp_path / "to").is_dir() or not list((tmp_path / "to").iterdir())
