"""The settings of uv: those in a release, and those of this machine in variables and configuration files.

Source: https://docs.astral.sh/uv/concepts/configuration-files/ and https://docs.astral.sh/uv/reference/settings/
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit, urlunsplit

from hatch_tilebox.core.toml_document import read_values, table_at
from hatch_tilebox.discovery.uv_variables import DEFAULT_INDEX, EXTRA_INDEXES, FIND_LINKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_tilebox.core.model import FileSet

PYPI = "https://pypi.org/simple"


class MachineSetting(NamedTuple):
    """A setting of this machine: `origin` is its variable or file, `key` and `value` are as in a `uv.toml`."""

    origin: str
    key: str
    value: Any


class ReleaseSettings(NamedTuple):
    """The settings of uv in a release. `places` are its indexes and links, normalized with `place_of`.

    `own_default` is whether it replaces PyPI.
    """

    values: Mapping[str, Any]
    places: frozenset[str]
    own_default: bool


def split_url(text: str) -> SplitResult:
    """The parts of a URL. An invalid one, such as `http://[`, is all path."""
    try:
        return urlsplit(text)
    except ValueError:
        return SplitResult("", "", text, "", "")


def place_of(written: str) -> str:
    """The URL or path of an index, normalized and without credentials."""
    text = written.strip()
    if "://" not in text:
        return text.removeprefix("./").rstrip("/\\") or "."
    parts = split_url(text)
    host = parts.netloc.rpartition("@")[2].lower()
    return urlunsplit((parts.scheme.lower(), host, parts.path.rstrip("/"), "", ""))


def release_settings(files: FileSet) -> ReleaseSettings:
    """The settings in the selected `uv.toml`, or else under `[tool.uv]`: uv reads only one of them."""
    selected = files.paths
    values = read_values(files.root / "uv.toml") if "uv.toml" in selected else {}
    if not values and "pyproject.toml" in selected:
        values = table_at(read_values(files.root / "pyproject.toml"), ["tool", "uv"])
    given = [*_from_file("", values)]
    default = {place_of(setting.value) for setting in given if setting.key == "default-index"}
    places = {place_of(setting.value) for setting in given if setting.key in {"index", "find-links"}}
    return ReleaseSettings(values, frozenset(places | (default or {PYPI})), bool(default))


def machine_files() -> list[Path]:
    """The configuration files of the user and the system that uv reads, in order of precedence."""
    if named := os.environ.get("UV_CONFIG_FILE"):
        return [Path(named)]
    if os.name == "nt":
        folders = [Path(os.environ.get("APPDATA") or "C:/"), Path(os.environ.get("SYSTEMDRIVE", "C:") + "/ProgramData")]
    else:
        system = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
        folders = [user_configuration(), *(Path(folder) for folder in system if folder), Path("/etc")]
    found = [folder / "uv" / "uv.toml" for folder in folders]
    present = [path for path in found[1:] if path.is_file()]  # uv reads the first file of the system
    return [path for path in (found[0], *present[:1]) if path.is_file()]


def user_configuration() -> Path:
    """The folder with the user's configuration files on systems that are not Windows."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(named) if named.startswith("/") else Path(os.path.expanduser("~"), ".config")  # noqa: PTH111 -- never raises


def machine_settings() -> list[MachineSetting]:
    """The settings of this machine outside of projects, in order of precedence: variables come first."""
    found = [*_from_variables()]
    for path in machine_files():
        found += _from_file(str(path), read_values(path))
    return found


def _from_variables() -> Iterator[MachineSetting]:
    environ = os.environ
    for name in DEFAULT_INDEX:
        if value := environ.get(name, "").strip():
            yield MachineSetting(name, "default-index", _url(value))
    for name in EXTRA_INDEXES:
        yield from (MachineSetting(name, "index", _url(item)) for item in environ.get(name, "").split())
    yield from (MachineSetting(FIND_LINKS, "find-links", item) for item in environ.get(FIND_LINKS, "").split(",") if item)
    for name in sorted(environ):
        if name.startswith("UV_") and name not in {*DEFAULT_INDEX, *EXTRA_INDEXES, FIND_LINKS} and environ[name]:
            yield MachineSetting(name, _KEYS.get(name, name.removeprefix("UV_").lower().replace("_", "-")), environ[name])


_KEYS = {
    "UV_CONSTRAINT": "constraint-dependencies",
    "UV_OVERRIDE": "override-dependencies",
    "UV_EXCLUDE": "exclude-dependencies",
    "UV_BUILD_CONSTRAINT": "build-constraint-dependencies",
}


def _url(item: str) -> str:
    """The URL of an index that may be written `name=URL`."""
    name, equals, url = item.partition("=")
    return url if equals and "://" not in name and "/" not in name else item


_PLACES = {"default-index", "extra-index-url", "find-links", "index", "index-url"}


def _from_file(origin: str, values: Mapping[str, Any]) -> Iterator[MachineSetting]:
    """The settings of a `uv.toml`, with one item for each index and each link."""
    for key, value in values.items():
        if key == "index" and isinstance(value, list):
            for item in value:
                if isinstance(item, dict) and isinstance(item.get("url"), str):
                    yield MachineSetting(origin, "default-index" if item.get("default") is True else "index", item["url"])
        elif key == "index-url" and isinstance(value, str):
            yield MachineSetting(origin, "default-index", value)
        elif key in {"extra-index-url", "find-links"} and isinstance(value, list):
            kind = "find-links" if key == "find-links" else "index"
            yield from (MachineSetting(origin, kind, item) for item in value if isinstance(item, str))
        elif key not in _PLACES:  # uv refuses other types for these keys
            yield MachineSetting(origin, key, value)
