"""The SDK that a project is locked to, as far as it decides whether the project can have releases at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.toml_document import read_toml
from hatch_tilebox.discovery.diagnose.startup import FIRST_SDK

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["refuse_old_sdk"]

_SDK = "tilebox-workflows"


def refuse_old_sdk(root: Path) -> None:
    """Raise ConfigError where the project's lock has an SDK without `Runner`; a lock that is missing or damaged has none."""
    from packaging.version import InvalidVersion, Version

    try:
        packages = read_toml(root / "uv.lock", "uv.lock").values.get("package", [])
        versions = [str(item["version"]) for item in packages if item["name"] == _SDK]
        old = [version for version in versions if Version(version) < Version(FIRST_SDK)]
    except (ConfigError, InvalidVersion, KeyError, TypeError, AttributeError):
        return
    if old:
        message = f"it has {_SDK} {old[0]}, which has no Runner: releases need {FIRST_SDK} or later"
        hint = f"uv lock --upgrade-package {_SDK}; then run: hatch-tilebox adopt"
        raise ConfigError(Problem(message, hint, Location("uv.lock")))
