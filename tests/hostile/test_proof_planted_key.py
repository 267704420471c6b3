"""A key in the environment appears in no file, no output, and only in requests to its own host."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import subprocess
from contextlib import closing, suppress
from pathlib import Path

import pytest
from loopback import serve
from programs import CLI

pytestmark = [pytest.mark.runtime, pytest.mark.service]

SLUG = "scene-qa-5y9aK2ydM1f76n"


def written(secret):
    """The encodings in which a secret may appear."""
    yield secret.encode()
    yield secret.encode()[::-1]
    for before in ("", "a", "ab"):  # base64 depends on where in the text it begins
        encoded = base64.b64encode((before + secret).encode())
        yield encoded[4:-4] if before else encoded[:-4]


def holders(place, secret):
    """The files below `place` whose name or content has the secret."""
    found = []
    for path in place.rglob("*"):
        content = os.fsencode(path)
        with suppress(OSError):  # a socket, or a link that leads nowhere
            content += path.read_bytes() if path.is_file() else b""
        if any(form in content for form in written(secret)):
            found.append(path)
    return found


def test_a_planted_key_goes_to_its_own_host_only(tmp_path, locked_project, tilebox_api, clean_env):
    key, outputs, own = tilebox_api.key, [], []
    tilebox_api.sdk(f"result = client.workflows().create({SLUG!r}, 'a test').slug")
    for name in ("home", "tmp", "cache"):
        (tmp_path / name).mkdir()
    project = Path(shutil.copytree(locked_project("scene_qa"), tmp_path / "project"))

    def forward(method, path, headers, body):
        own.append(headers["Authorization"] or "")
        assert key not in path
        assert key.encode() not in body
        passed_on = {name: value for name, value in headers.items() if name.lower() != "host"}
        with closing(http.client.HTTPConnection("127.0.0.1", tilebox_api.port)) as connection:
            connection.request(method, path, body, passed_on)
            answer = connection.getresponse()
            content = answer.read()
        kept = {name: value for name, value in answer.getheaders() if name.lower() in {"content-type", "location", "link"}}
        return answer.status, kept, content

    with serve(forward) as (host, _), serve(lambda *_: (404, {}, b"")) as (elsewhere, strangers):
        base = {name: value for name, value in clean_env.items() if not name.lower().endswith("_proxy")}
        env = {
            **base,
            "HOME": str(tmp_path / "home"),
            "TMPDIR": str(tmp_path / "tmp"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "HATCH_TILEBOX_CACHE_DIR": str(tmp_path / "cache" / "ours"),
            "UV_CACHE_DIR": subprocess.check_output(["uv", "cache", "dir"], env=clean_env, text=True).strip(),
            "UV_PYTHON_DOWNLOADS": "never",
            "HTTP_PROXY": f"http://{elsewhere}",
            "http_proxy": f"http://{elsewhere}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{elsewhere}",
            "TILEBOX_API_URL": f"http://{host}",
            "TILEBOX_API_KEY": key,
        }

        def run(*arguments, code=0):
            done = subprocess.run([*CLI, *arguments], cwd=project, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == code, done.stdout + done.stderr
            outputs.append(done.stdout + done.stderr)
            return done.stdout

        run("build", "-vv")
        release = str(next((project / "dist").glob("*.tbrelease")))
        run("verify", "-vv", release)
        run("run", "-vv", release, "--task", "Ping")
        run("inspect", release, "--json")
        assert own == [], "a request was sent that nobody asked for"
        run("publish", "-vv", release, "--to", f"http://{host}", "--artifact-url", f"http://{host}/artifacts", "--json")
        assert len(json.loads(run("releases", "--json", f"http://{host}", "--workflow", SLUG))["releases"]) == 1
        run("fetch", "-vv", f"http://{host}", "--workflow", SLUG, "--to", str(tmp_path / "fetched"), code=1)
        assert "does not support downloads" in outputs[-1]
        run("publish", "-vv", release, "--to", str(tmp_path / "store"))
        run("fetch", "-vv", str(tmp_path / "store"), "--to", str(tmp_path / "fetched"))
    assert {*own} == {f"Bearer {key}"}
    assert [request for request in strangers if key in str(request[2])] == []
    assert not [text for text in outputs if any(form.decode() in text for form in written(key))]
    assert holders(tmp_path, key) == []
    assert len(list((tmp_path / "fetched").iterdir())) == 1
