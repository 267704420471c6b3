"""Servers on loopback, and the environment that the vendor's code runs in."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest_tools import leave_out
from filelock import FileLock
from tilebox_service import sdk_python, stand_in, tilebox_api

__all__ = ["sdk_python", "stand_in", "tilebox_api"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def terminal():
    """The module that takes the pictures of the docs: its function `seen` gives what a terminal shows."""
    spec = importlib.util.spec_from_file_location("screens", ROOT / "docs" / "screens.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["screens"] = module
    spec.loader.exec_module(module)
    return module


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
