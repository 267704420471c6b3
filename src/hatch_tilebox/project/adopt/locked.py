"""What `uv.lock` shows about a project before it is adopted: its SDK, and whether uv installs the project itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.uv_lock import UvLock, read_lock
from hatch_tilebox.discovery.diagnose.startup import FIRST_SDK

if TYPE_CHECKING:
    from pathlib import Path

_SDK = "tilebox-workflows"
_LOCK = Location(LOCK_NAME)


def lock_of(root: Path) -> UvLock | None:
    """The lock in the folder `root`, or None if it is missing or damaged: `check` and builds report a damaged one."""
    try:
        return read_lock(root / LOCK_NAME)
    except (ConfigError, OSError):
        return None


def refuse_old_sdk(lock: UvLock) -> None:
    """Raise ConfigError if the lock has an SDK without `Runner`."""
    try:
        old = [version for version in lock.versions(_SDK) if Version(version) < Version(FIRST_SDK)]
    except InvalidVersion:
        return
    if old:
        message = f"it has {_SDK} {old[0]}, which has no Runner: releases need {FIRST_SDK} or later"
        hint = f"uv lock --upgrade-package {_SDK}; then run: hatch-tilebox adopt"
        raise ConfigError(Problem(message, hint, _LOCK, code="TBX316"))


def lock_note(lock: UvLock, *, packaged: bool) -> Problem | None:
    """A note if the lock was made when uv installed the project and no longer does, or the other way round."""
    kinds = [package.kind for package in lock.packages if package.is_project]
    if not kinds or (kinds[0] != "virtual") == packaged:
        return None
    change = "installs the project from now on" if packaged else "no longer installs the project"
    return Problem(f"uv {change}, so the lock has to be updated", "run: uv lock", _LOCK, code="TBX031")
