"""Start a workflow as on a machine that has nothing of this user: an empty home folder, and if asked for, no network."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.discovery.clean_environment import install_environment
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.run_uv import run_uv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CUT_NETWORK = Path(__file__).with_name("cut_network.py")
HOME_VARIABLES = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
HOME_PREFIX = "XDG_"
LIMIT = 60.0


@dataclass(frozen=True)
class CleanStart:
    """How a clean start differs from a usual one. `uv_folders` are variables that lead uv to its own cache and interpreters.

    `python` is the version of Python to start on, if not the one that uv chooses.
    """

    offline: bool
    uv_folders: Mapping[str, str]
    python: str = ""

    def command(self, command: Sequence[str]) -> list[str]:
        """`command`, started without network if the start is offline."""
        return [sys.executable, "-I", str(CUT_NETWORK), *command] if self.offline else [*command]

    def variables(self, variables: Mapping[str, str], home: Path, configuration: Mapping[str, str]) -> dict[str, str]:
        """`variables` with the empty folder `home` in place of the user's folders, except for the `configuration` of uv."""
        home.mkdir(exist_ok=True)
        kept = {name: value for name, value in variables.items() if not name.startswith(HOME_PREFIX) or name in configuration}
        homes = {name: str(home) for name in HOME_VARIABLES if name in kept or (name == "HOME" and os.name != "nt")}
        return {**kept, **homes, **self.uv_folders, **({"UV_OFFLINE": "1"} if self.offline else {})}


def prepare_clean_start(*, offline: bool, python: str = "") -> CleanStart:
    """The clean start on this machine. Raises DiscoveryError if `offline` is asked for and not possible here."""
    if offline:
        _require_network_namespaces()
    commands = {"UV_CACHE_DIR": "cache", "UV_PYTHON_INSTALL_DIR": "python"}
    folders = {name: run_uv(command, "dir", folder=Path.cwd()).output.strip() for name, command in commands.items()}
    return CleanStart(offline, {name: folder for name, folder in folders.items() if folder}, python)


def _require_network_namespaces() -> None:
    hint = "leave out --offline-start, or verify on a Linux system that permits user namespaces to unprivileged users"
    if sys.platform != "linux":
        raise DiscoveryError(Problem("--offline-start needs network namespaces, which only Linux has", hint, code="TBX314"))
    command = [sys.executable, "-I", str(CUT_NETWORK), sys.executable, "-I", "-c", ""]
    result = run(command, folder=Path.cwd(), environment=install_environment(), timeout=LIMIT)
    if result.returncode != 0:
        reason = result.errors.strip() or f"exit code {result.returncode}"
        raise DiscoveryError(
            Problem(f"--offline-start cannot cut off the network: this system does not permit it: {reason}", hint, code="TBX314")
        )
