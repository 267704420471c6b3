"""Servers on loopback, and the environment that the vendor's code runs in."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from conftest_tools import leave_out
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


@pytest.fixture(scope="session")
def registry_binary(shared):
    """The program of a real OCI registry, Debian's `docker-registry`, installed where this may be done."""
    with FileLock(shared / "docker-registry.lock"):
        if not shutil.which("docker-registry"):
            if not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0):
                leave_out("docker-registry is not installed, and only root can install it (apt-get install docker-registry)")
            command = ["apt-get", "install", "-y", "--no-install-recommends", "docker-registry"]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                subprocess.run(["apt-get", "update"], capture_output=True, check=True)
                subprocess.run(command, capture_output=True, check=True)
    return shutil.which("docker-registry")


@pytest.fixture
def oci_registry(registry_binary, tmp_path):
    """A function that starts a registry with the given `auth` section and gives its port."""
    servers = []

    def start(auth=""):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = tmp_path / f"registry-{port}.yml"
        config.write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {tmp_path / f'registry-{port}'}}}}}\n"
            f"http: {{addr: '127.0.0.1:{port}', secret: s}}\n{auth}"
        )
        server = subprocess.Popen([registry_binary, "serve", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        servers.append(server)
        while server.poll() is None:
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                return port
            time.sleep(0.02)
        return pytest.fail("docker-registry does not start")

    yield start
    for server in servers:
        server.terminate()
        server.wait()
