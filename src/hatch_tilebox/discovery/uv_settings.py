"""What configures uv: the files of a release on every release runner, and variables and files of the user on this machine alone.

Source: https://docs.astral.sh/uv/concepts/configuration-files/ and https://docs.astral.sh/uv/reference/settings/
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit, urlunsplit

from hatch_tilebox.core.toml_document import read_values, table_at
from hatch_tilebox.discovery.uv_variables import DEFAULT_INDEX, EXTRA_INDEXES, FIND_LINKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_tilebox.core.model import FileSet

__all__ = ["PYPI", "Given", "ReleaseSettings", "machine_files", "machine_settings", "place_of", "release_settings", "split_url"]

PYPI = "https://pypi.org/simple"


class Given(NamedTuple):
    """A setting of this machine: the variable or file that it comes from, its key in a `uv.toml`, its value there."""

    origin: str
    key: str
    value: Any


@dataclass(frozen=True)
class ReleaseSettings:
    """What the selected files tell uv. `places` are its indexes and links as `place_of` spells them."""

    values: Mapping[str, Any]
    places: frozenset[str]
    own_default: bool


def split_url(text: str) -> SplitResult:
    """The parts of a URL; of what is none, such as `http://[`, all is path."""
    try:
        return urlsplit(text)
    except ValueError:
        return SplitResult("", "", text, "", "")


def place_of(written: str) -> str:
    """A URL or path of an index in one spelling, without a login."""
    text = written.strip()
    if "://" not in text:
        return text.removeprefix("./").rstrip("/\\") or "."
    parts = split_url(text)
    host = parts.netloc.rpartition("@")[2].lower()
    return urlunsplit((parts.scheme.lower(), host, parts.path.rstrip("/"), "", ""))


def release_settings(files: FileSet) -> ReleaseSettings:
    """The settings in the selected `uv.toml`, else under `[tool.uv]`: uv reads one of them."""
    selected = {file.path for file in files.files}
    values = read_values(files.root / "uv.toml") if "uv.toml" in selected else {}
    if not values and "pyproject.toml" in selected:
        values = table_at(read_values(files.root / "pyproject.toml"), ["tool", "uv"])
    given = [*_of_file("", values)]
    default = [place for setting in given if setting.key == "default-index" for place in (place_of(setting.value),)]
    places = {place_of(setting.value) for setting in given if setting.key in {"index", "find-links"}}
    return ReleaseSettings(values, frozenset({*places, *(default or [PYPI])}), bool(default))


def machine_files() -> list[Path]:
    """The configuration files of user and system that uv reads beside the project's, the one that counts first."""
    if named := os.environ.get("UV_CONFIG_FILE"):
        return [Path(named)]
    if os.name == "nt":
        folders = [Path(os.environ.get("APPDATA") or "C:/"), Path(os.environ.get("SYSTEMDRIVE", "C:") + "/ProgramData")]
    else:
        system = (os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
        folders = [user_configuration(), *(Path(folder) for folder in system if folder), Path("/etc")]
    found = [folder / "uv" / "uv.toml" for folder in folders]
    present = [path for path in found[1:] if path.is_file()]  # of the system's files uv reads the first
    return [path for path in (found[0], *present[:1]) if path.is_file()]


def user_configuration() -> Path:
    """The folder with the user's configuration files on systems that are not Windows."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(named) if named.startswith("/") else Path(os.path.expanduser("~"), ".config")  # noqa: PTH111 -- never raises


def machine_settings() -> list[Given]:
    """What this machine tells uv beyond a project: variables first, as they count first."""
    found = [*_of_variables()]
    for path in machine_files():
        found += _of_file(str(path), read_values(path))
    return found


def _of_variables() -> Iterator[Given]:
    environ = os.environ
    for name in DEFAULT_INDEX:
        if value := environ.get(name, "").strip():
            yield Given(name, "default-index", _url(value))
    for name in EXTRA_INDEXES:
        yield from (Given(name, "index", _url(item)) for item in environ.get(name, "").split())
    yield from (Given(FIND_LINKS, "find-links", item) for item in environ.get(FIND_LINKS, "").split(",") if item)
    for name in sorted(environ):
        if name.startswith("UV_") and name not in {*DEFAULT_INDEX, *EXTRA_INDEXES, FIND_LINKS} and environ[name]:
            yield Given(name, _KEYS.get(name, name.removeprefix("UV_").lower().replace("_", "-")), environ[name])


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


def _of_file(origin: str, values: Mapping[str, Any]) -> Iterator[Given]:
    """The settings of a `uv.toml`, with one item for each place that packages may come from."""
    for key, value in values.items():
        if key == "index" and isinstance(value, list):
            for item in value:
                if isinstance(item, dict) and isinstance(item.get("url"), str):
                    yield Given(origin, "default-index" if item.get("default") is True else "index", item["url"])
        elif key == "index-url" and isinstance(value, str):
            yield Given(origin, "default-index", value)
        elif key in {"extra-index-url", "find-links"} and isinstance(value, list):
            kind = "find-links" if key == "find-links" else "index"
            yield from (Given(origin, kind, item) for item in value if isinstance(item, str))
        elif key not in _PLACES:  # of another type, uv refuses these
            yield Given(origin, key, value)
