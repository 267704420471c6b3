"""The configuration that uv gets in a build: that of the release, and the settings of this machine for reaching hosts.

uv always reads the configuration files of the user and of the system, without an option to ignore only these. So it gets copies of
them without the keys that change a resolution.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from typing import TYPE_CHECKING

from hatch_tilebox.core.toml_document import read_values
from hatch_tilebox.discovery.uv_settings import (
    machine_files,
    machine_settings,
    place_of,
    release_settings,
    split_url,
    user_configuration,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.core.model import JSON, FileSet

RESOLVING = frozenset(
    {
        *("index", "index-url", "extra-index-url", "find-links", "no-index", "index-strategy", "torch-backend"),
        *("no-sources", "no-sources-package", "dependency-metadata", "environments", "required-environments"),
        *("constraint-dependencies", "override-dependencies", "exclude-dependencies", "build-constraint-dependencies"),
        *("exclude-newer", "exclude-newer-package", "fork-strategy", "prerelease", "resolution"),
        *("upgrade", "upgrade-package", "reinstall", "reinstall-package"),
        *("no-binary", "no-binary-package", "no-build-isolation", "no-build-isolation-package"),
        *("config-settings", "config-settings-package", "extra-build-dependencies", "extra-build-variables"),
    }
)
"""Keys of a `uv.toml` that change a resolution: a release runner does not have those of this machine."""


def index_variables(files: FileSet) -> dict[str, str]:
    """Variables with the index that replaces PyPI, if the lock of `files` needs it, and credentials for indexes of the release."""
    release = release_settings(files)
    variables = {}
    credentials = []
    for setting in machine_settings():
        if setting.key == "default-index" and "UV_DEFAULT_INDEX" not in variables and not release.own_default:
            from hatch_tilebox.core.uv_lock import selected_lock

            lock = selected_lock(files)
            indexes = {place_of(package.source) for package in lock.packages if package.kind == "registry"} if lock else set()
            if lock is None or place_of(setting.value) in indexes:
                variables["UV_DEFAULT_INDEX"] = setting.value
        elif (
            setting.key in {"index", "default-index"}
            and place_of(setting.value) in release.places
            and "@" in split_url(setting.value).netloc
        ):
            credentials.append(setting.value)
    if credentials:
        variables["UV_INDEX"] = " ".join(dict.fromkeys(credentials))
    return variables


def without_credentials(settings: Mapping[str, str]) -> dict[str, str]:
    """`settings` for a process that does not install packages: uv only needs the name of the index in the lock."""
    named = settings.get("UV_DEFAULT_INDEX")
    kept = {name: value for name, value in settings.items() if name not in {"UV_DEFAULT_INDEX", "UV_INDEX"}}
    return kept if named is None else {**kept, "UV_DEFAULT_INDEX": place_of(named)}


def configuration_variables(folder: Path) -> dict[str, str]:
    """Variables with the paths of reduced copies of this machine's configuration files, which are written to `folder`."""
    files = machine_files()
    if os.name == "nt" or not (os.environ.get("UV_CONFIG_FILE") or any(RESOLVING & read_values(path).keys() for path in files)):
        return {}
    import tomlkit

    shutil.rmtree(folder, ignore_errors=True)
    user, system = folder / "user", folder / "system"
    for place, path in zip((user, system), files[:2] if len(files) > 1 else [*files, None], strict=True):
        (place / "uv").mkdir(parents=True)
        kept = {key: value for key, value in (read_values(path) if path else {}).items() if key not in RESOLVING}
        (place / "uv" / "uv.toml").write_text(tomlkit.dumps(kept), encoding="utf-8")
    for other in _entries(user_configuration()):  # git and others store credentials there
        if other.name != "uv":
            (user / other.name).symlink_to(other)
    others = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return {"XDG_CONFIG_HOME": str(user), "XDG_CONFIG_DIRS": os.pathsep.join([str(system), others])}


def _entries(folder: Path) -> list[Path]:
    try:
        return [*folder.iterdir()]
    except OSError:
        return []


def machine_key(files: FileSet, environment: Mapping[str, str]) -> dict[str, JSON]:
    """What a process with these variables has of this machine, without credentials, as part of a cache key."""
    variables = index_variables(files)
    return {
        "platform": [sys.platform, platform.machine(), *platform.libc_ver()],
        "settings": {name: value for name, value in environment.items() if name.startswith("UV_PYTHON")},
        "configuration": {name: sorted(place_of(url) for url in value.split()) for name, value in variables.items()},
    }
