"""Run uv, and ask it for its version and for the Pythons of this machine."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.discovery.cache import PROGRAMS, digest, file_identity
from hatch_tilebox.discovery.clean_environment import install_environment
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.uv import require_uv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hatch_tilebox.discovery.cache import Cache
    from hatch_tilebox.discovery.process import Finished

OLDEST_UV = (0, 5)
"""The oldest tested version. Some older ones ignore `UV_PROJECT_ENVIRONMENT`."""
INSTALL_LIMIT = 3600.0
"""Seconds that uv gets to install. A download has its own time limits."""
_SHIM = 2**20
"""Bytes: the most that a program has which only starts another one."""


def run_uv(
    *arguments: str,
    folder: Path,
    timeout: float = 60.0,
    on_line: Callable[[str], None] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Finished:
    """Run uv in `folder` for at most `timeout` seconds. Raises DiscoveryError if there is none.

    `on_line` gets each line of stderr, from a thread. `variables` are added to its environment.
    """
    command = [str(require_uv()), *arguments, "--color", "never", "--no-progress"]
    return run(command, folder=folder, environment=install_environment(variables), timeout=timeout, on_line=on_line)


def uv_version(cache: Cache | None = None) -> str:
    """The output of `uv --version`, kept in `cache`. Raises DiscoveryError if uv is too old."""
    uv = require_uv()
    text = _kept_version(uv, cache) if cache else _version_of(uv)
    found = re.match(r"uv (\d+)\.(\d+)", text)
    if found and (int(found[1]), int(found[2])) < OLDEST_UV:
        wanted = ".".join(map(str, OLDEST_UV))
        message = f"uv is too old: it has to be {wanted} or newer, and is {text.split()[1]}"
        hint = f"update {uv} with `uv self update` or `pip install --upgrade uv`, or let UV name another one"
        raise DiscoveryError(Problem(message, hint, code="TBX201"))
    return text


def _kept_version(uv: Path, cache: Cache) -> str:
    """Its size and time identify the program: in isolated builds, its path always changes. A small file may start any uv."""
    status = uv.stat()
    key = digest({"uv": [status.st_size, status.st_mtime_ns]})
    if record := cache.read(PROGRAMS, key):
        return str(record["version"])
    text = _version_of(uv)
    if status.st_size > _SHIM:
        cache.write(PROGRAMS, key, {"version": text})
    return text


def _version_of(uv: Path) -> str:
    return _answered_version(uv, str(file_identity(uv)))


@lru_cache(maxsize=8)
def _answered_version(uv: Path, _identity: str) -> str:
    return run([str(uv), "--version"], folder=Path.cwd(), environment=install_environment(), timeout=60).output.strip()


def installed_pythons(requests: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield those of the `requests`, such as "3.12", that this machine has. Nothing is downloaded. uv runs in `folder`."""
    for request in requests:
        if not run_uv("python", "find", "--no-project", "--no-python-downloads", request, folder=folder).failed:
            yield request
