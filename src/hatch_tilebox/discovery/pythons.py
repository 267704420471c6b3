"""The Pythons of this machine, as uv finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.discovery.clean_environment import install_environment
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.uv import require_uv

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LIMIT = 60.0
"""Seconds that uv may take to find one."""


def installed_pythons(requests: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield those of the `requests`, such as "3.12", that this machine has. Nothing is downloaded. uv runs in `folder`."""
    find = [str(require_uv()), "python", "find", "--no-project", "--no-python-downloads"]
    for request in requests:
        if run([*find, request], folder=folder, environment=install_environment(), timeout=_LIMIT).returncode == 0:
            yield request
