"""A registry that sends downloads to another host, as those on object stores do."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from hatch_tilebox.publish.fetch import fetch_release, select_published
from hatch_tilebox.publish.http.retries import Retries
from hatch_tilebox.publish.oci.authorization import _related
from hatch_tilebox.publish.oci.repository import OciRepository
from hatch_tilebox.publish.service import open_release, publish_release

AUTH = base64.b64encode(b"ada:s3cret").decode()


class Store(ThreadingHTTPServer):
    """Half a registry: `peer` keeps the blobs, this one all else. `seen` are path and credentials of all requests."""

    daemon_threads = True

    def __init__(self, peer=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.peer, self.held, self.seen = peer, {}, []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server, (path, _, query) = self.server, self.path.partition("?")
        server.seen.append((self.command, path, self.headers["Authorization"]))
        if server.peer is None:
            return self.answer(200, {}, server.held[path.lstrip("/")])
        if self.headers["Authorization"] != f"Basic {AUTH}":
            return self.answer(401, {"WWW-Authenticate": 'Basic realm="tests"'})
        if self.command == "POST":
            return self.answer(202, {"Location": "/upload"})
        if path == "/upload":
            server.peer.held[query.removeprefix("digest=").replace("%3A", ":")] = body
            return self.answer(201)
        return self.blob(path) if "/blobs/" in path else self.manifest(path.rpartition("/")[2], body)

    def blob(self, path):
        digest, peer = path.rpartition("/")[2], self.server.peer
        if self.command == "HEAD":
            return self.answer(200 if digest in peer.held else 404)
        return self.answer(307, {"Location": f"{peer.url}/{digest}"})

    def manifest(self, name, body):
        held = self.server.held
        if self.command == "PUT":
            held[name] = held[f"sha256:{hashlib.sha256(body).hexdigest()}"] = body
            return self.answer(201)
        if name == "list":
            return self.answer(200, {}, json.dumps({"tags": [tag for tag in held if ":" not in tag]}).encode())
        return self.answer(200, {}, held[name]) if name in held else self.answer(404)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815 -- the names that http.server calls

    def answer(self, status, headers=None, body=b""):
        self.send_response_only(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def registry(tmp_path, monkeypatch):
    blobs = Store()
    registry = Store(peer=blobs)
    host = registry.url.removeprefix("http://")
    (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": AUTH}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    destination = OciRepository(f"oci://{host}/acme/qa", retries=Retries(attempts=2, first=0, longest=0))
    yield registry, destination
    destination.close()
    for server in (registry, blobs):
        server.shutdown()
        server.server_close()


def test_credentials_stay_with_the_registry(registry, make_release, tmp_path):
    server, destination = registry
    path = make_release()
    assert publish_release(open_release(path), destination).created
    local = fetch_release(destination, select_published(destination, None, None), tmp_path / "to")
    assert local.artifact.path.read_bytes() == path.read_bytes()
    assert {method for method, _, _ in server.peer.seen} == {"GET"}
    assert {credentials for _, _, credentials in server.peer.seen} == {None}
    assert f"Basic {AUTH}" in {credentials for _, _, credentials in server.seen}


@pytest.mark.parametrize(
    ("service", "registry", "related"),
    [
        ("ghcr.io", "ghcr.io", True),
        ("auth.docker.io", "registry-1.docker.io", True),
        ("gitlab.example.com", "registry.example.com", True),
        ("example.com", "registry.example.com", True),
        ("127.0.0.1:5001", "127.0.0.1:5000", True),
        ("ghcr.io", "registry.example.com", False),
        ("evil-example.com", "registry.example.com", False),
        ("evil.io", "ghcr.io", False),
        ("9.1.2.3", "8.1.2.3", False),
        ("[fe80::2]", "[fe80::1]", False),
    ],
)
def test_whose_token_service_gets_a_login(service, registry, related):
    assert _related(f"https://{service}/token", f"https://{registry}/v2/acme/x") is related
