"""Fixtures of a Tilebox API on loopback, for the folders of tests that import them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from filelock import FileLock

KEY = "tbx-Secret.4f9a~Key"
SERVER = Path(__file__).parent / "integration" / "tilebox_server.py"


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
