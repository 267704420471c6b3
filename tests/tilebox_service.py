"""Fixtures of a Tilebox API on loopback, for the folders of tests that import them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from filelock import FileLock

KEY = "tbx-Secret.4f9a~Key"
SERVER = Path(__file__).parent / "integration" / "tilebox_server.py"
STAND_IN = Path(__file__).parent / "stand_in_tilebox.py"


@pytest.fixture(scope="session")
def sdk_python(shared, clean_env):
    """An interpreter that has the official SDK, with the vendor's client and generated server applications, and the ORAS client."""
    folder = shared / "sdk"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            subprocess.run(["uv", "venv", "--quiet", "--clear", folder], env=clean_env, check=True)
            python = folder / "bin" / "python"
            command = ["uv", "pip", "install", "--quiet", "--python", python, "tilebox-workflows", "waitress", "oras"]
            subprocess.run(command, env=clean_env, check=True)
            (folder / "done").touch()
    return folder / "bin" / "python"


@pytest.fixture
def tilebox_api(sdk_python):
    """A running Tilebox API: `url`, `port`, `key`, `state()`, and `sdk(code)`, which runs code with the official client."""
    with serve_tilebox(sdk_python) as api:
        yield api


@contextmanager
def serve_tilebox(sdk_python):
    """What the fixture `tilebox_api` gives."""
    server = subprocess.Popen([sdk_python, SERVER, KEY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(server.stdout.readline())
        url = f"http://127.0.0.1:{port}"

        def sdk(code):
            """What `code`, which has a `client`, leaves in `result`."""
            script = (
                "import json\nfrom tilebox.workflows import Client\n"
                f"client = Client(url={url!r}, token={KEY!r}, transport='http1')\n{code}\nprint(json.dumps(result))"
            )
            done = subprocess.run([sdk_python, "-c", script], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout.splitlines()[-1])

        def state():
            with urlopen(f"{url}/state") as response:
                return json.load(response)

        yield SimpleNamespace(url=url, port=port, key=KEY, sdk=sdk, state=state)
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


class StandIn:
    """A `tilebox` program in `folder` that is the tests' stand-in. `mode` is how it misbehaves."""

    def __init__(self, folder: Path, mode: str = "") -> None:
        self.folder = folder
        self.log = folder / "calls.jsonl"
        self.program = folder / "tilebox"
        self.set(mode)

    def set(self, mode: str) -> None:
        self.program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "{mode}" "{self.log}" "$@"\n')
        self.program.chmod(0o755)

    def on_path(self, env: dict[str, str]) -> dict[str, str]:
        """`env` in which the program is found."""
        return {**env, "PATH": os.pathsep.join((str(self.folder), env["PATH"]))}

    def calls(self):
        """The calls so far: arguments, folder and environment of each."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture
def stand_in(tmp_path_factory, monkeypatch):
    """The stand-in for Tilebox's command-line tool, on the PATH of this process."""
    found = StandIn(tmp_path_factory.mktemp("tool"))
    monkeypatch.setenv("PATH", found.on_path(dict(os.environ))["PATH"])
    return found
