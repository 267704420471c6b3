"""The configuration that uv gets for the proof of a release: the release's own, and of this machine's what leads to hosts.

uv reads files of the user and of the system wherever it runs, and has no option to leave out these alone. So it is led to copies of
them in which nothing that changes a resolution is left.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from hatch_tilebox.core.toml_document import read_values
from hatch_tilebox.core.uv_lock import selected_lock
from hatch_tilebox.discovery.machine_only import locked_indexes
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

__all__ = ["configuration_key", "configuration_variables", "index_variables", "without_logins"]

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
"""Keys of a `uv.toml` that a release runner does not have from this machine."""


def index_variables(files: FileSet) -> dict[str, str]:
    """Variables that name an index in place of PyPI where the lock of `files` needs it, and logins for indexes of the release."""
    release = release_settings(files)
    variables = {}
    logins = []
    for given in machine_settings():
        if given.key == "default-index" and "UV_DEFAULT_INDEX" not in variables and not release.own_default:
            locked = locked_indexes(selected_lock(files))
            if locked is None or place_of(given.value) in locked:
                variables["UV_DEFAULT_INDEX"] = given.value
        elif given.key in {"index", "default-index"} and place_of(given.value) in release.places and _has_login(given.value):
            logins.append(given.value)
    if logins:
        variables["UV_INDEX"] = " ".join(dict.fromkeys(logins))
    return variables


def without_logins(settings: Mapping[str, str]) -> dict[str, str]:
    """`settings` for a process that installs nothing more: uv still has to know the index that the lock names."""
    named = settings.get("UV_DEFAULT_INDEX")
    kept = {name: value for name, value in settings.items() if name not in {"UV_DEFAULT_INDEX", "UV_INDEX"}}
    return kept if named is None else {**kept, "UV_DEFAULT_INDEX": place_of(named)}


def _has_login(url: str) -> bool:
    return "@" in split_url(url).netloc


def configuration_variables(folder: Path) -> dict[str, str]:
    """Variables that lead uv to what of this machine's configuration files may stay, which is written to `folder`."""
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
    for other in _entries(user_configuration()):  # git and others keep logins there
        if other.name != "uv":
            (user / other.name).symlink_to(other)
    others = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return {"XDG_CONFIG_HOME": str(user), "XDG_CONFIG_DIRS": os.pathsep.join([str(system), others])}


def _entries(folder: Path) -> list[Path]:
    try:
        return [*folder.iterdir()]
    except OSError:
        return []


def configuration_key(files: FileSet) -> JSON:
    """What this machine adds to the configuration of uv, without logins."""
    variables: Mapping[str, str] = index_variables(files)
    return {name: sorted(place_of(url) for url in value.split()) for name, value in variables.items()}
