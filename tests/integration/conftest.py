"""Servers on loopback, and the environment that the vendor's code runs in."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from filelock import FileLock
from hand_made_releases import write_release

HERE = Path(__file__).parent
KEY = "tbx-Secret.4f9a~Key"


@pytest.fixture
def make_release(tmp_path_factory):
    """A function that writes a release of a small project and gives the path of its archive."""

    def make(**options):
        return write_release(tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist"), **options)

    return make


@pytest.fixture(scope="session")
def sdk_python(shared, clean_env):
    """An interpreter that has the official SDK, with the vendor's client and generated server applications."""
    folder = shared / "sdk"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            subprocess.run(["uv", "venv", "--quiet", "--clear", folder], env=clean_env, check=True)
            python = folder / "bin" / "python"
            command = ["uv", "pip", "install", "--quiet", "--python", python, "tilebox-workflows", "waitress"]
            subprocess.run(command, env=clean_env, check=True)
            (folder / "done").touch()
    return folder / "bin" / "python"


@pytest.fixture
def tilebox_api(sdk_python):
    """A running Tilebox API: `url`, `port`, `key`, `state()`, and `sdk(code)`, which runs code with the official client."""
    server = subprocess.Popen(
        [sdk_python, HERE / "tilebox_server.py", KEY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
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
