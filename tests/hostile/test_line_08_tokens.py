"""Tokens of a local run never appear on a command line, and its telemetry sink refuses callers without a token."""

from __future__ import annotations

import json
import subprocess

import pytest
from programs import CLI

pytestmark = pytest.mark.runtime

STRANGER = """
import json as _json, os as _os, pathlib as _pathlib
import urllib.error as _error, urllib.request as _request
import grpc as _grpc

_url = _os.environ["TILEBOX_API_URL"]


def _post(headers):
    try:
        _request.build_opener(_request.ProxyHandler({{}})).open(_request.Request(_url + "/v1/logs", b"", headers), timeout=10)
    except _error.HTTPError as error:
        return error.code
    return 200


def _call():
    channel = _grpc.insecure_channel(_url.removeprefix("http://"), [("grpc.enable_http_proxy", 0)])
    try:
        channel.unary_unary("/workflows.v1.JobService/GetJob")(b"", timeout=10)
    except _grpc.RpcError as error:
        return error.code().name


if not _url.endswith(":9"):  # a run, not a build
    _tokens = [_os.environ[name].encode() for name in ("TILEBOX_API_KEY", "TILEBOX_RUNTIME_TOKEN")]
    _lines = [path.read_bytes() for path in _pathlib.Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    _facts = {{
        "shown": [line.decode() for line in _lines if any(token in line for token in _tokens)],
        "none": _post({{}}),
        "wrong": _post({{"Authorization": "Bearer " + "0" * 32}}),
        "right": _post({{"Authorization": "Bearer " + _os.environ["TILEBOX_API_KEY"]}}),
        "grpc": _call(),
    }}
    _pathlib.Path({path!r}).write_text(_json.dumps(_facts))
"""


def test_tokens_are_not_shown_and_are_checked(project, tmp_path, frontend_env):
    folder, seen = project("scene_qa"), tmp_path / "facts.json"
    with (folder / "scene_qa" / "runner.py").open("a") as file:
        file.write(STRANGER.format(path=str(seen)))
    for command in (("build", "-q"), ("run", "dist/scene_qa-1.2.0.tbrelease", "--task", "Ping")):
        done = subprocess.run((*CLI, *command), cwd=folder, env=frontend_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(seen.read_text()) == {
        "shown": [],
        "none": 401,
        "wrong": 401,
        "right": 200,
        "grpc": "UNAUTHENTICATED",
    }
