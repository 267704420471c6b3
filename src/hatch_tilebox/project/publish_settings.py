"""How a publication is set: on the command line, in the environment, in `pyproject.toml`, in hatch's own configuration."""

from __future__ import annotations

import difflib
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.toml_document import read_toml
from hatch_tilebox.project.toml.kinds import type_name
from hatch_tilebox.publish.addresses import is_folder
from hatch_tilebox.publish.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

PROJECT_TABLE = "tool.hatch.publish.tilebox"
USER_TABLE = "publish.tilebox"
_SECRETS = {"api-key", "auth", "key", "password", "token"}
_HATCH_KEYS = {"disable"}


_TYPES = {item.name.replace("_", "-"): item.type for item in fields(Settings) if item.name != "by_project"}


def load_settings(
    *,
    given: Mapping[str, Any] | None = None,
    project: Mapping[str, Any] | None = None,
    root: Path | None = None,
    user: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings: what is `given` with the command, else the environment's, the project's, the user's, else the default.

    `given` may have texts for truth values, as hatch's `-o` does; a folder that `project` names is relative to `root`. Raises
    ConfigError, naming table and key, for all that is wrong at once.
    """
    problems: list[Problem] = []
    environ = os.environ if environ is None else environ
    prefix = "HATCH_TILEBOX_PUBLISH_"
    variables = {f"{prefix}{key.replace('-', '_').upper()}": key for key in _TYPES if key != "options"}
    layers = [
        _read(user, lambda key: _place_of_user(key, environ), problems),
        _read(project, lambda key: _place_in_project(key, root), problems),
        _read(
            {key: environ[variable] for variable, key in variables.items() if environ.get(variable)},
            lambda key: (f"{prefix}{key.replace('-', '_').upper()}", Location("the environment")),
            problems,
            texts=True,
        ),
        _read(_split_options(given or {}), lambda key: (f"option {key}", None), problems, texts=True),
    ]
    if problems:
        raise ConfigError(*problems)
    if root and "to" in layers[1]:
        layers[1]["to"] = _anchored(layers[1]["to"], root)
    merged: dict[str, Any] = {}
    options: dict[str, str] = {}
    for layer in layers:
        options |= layer.get("options", {})
        merged |= layer
    users, projects, *chosen = layers
    alone = {key for key, value in projects.items() if users.get(key) != value and not any(key in layer for layer in chosen)}
    by_project = frozenset(key.replace("-", "_") for key in alone)
    values = {key.replace("-", "_"): value for key, value in {**merged, "options": options}.items()}
    return Settings(**values, by_project=by_project)


def read_user_table(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The table `[publish.tilebox]` of hatch's configuration file, empty where there is none.

    Raises ConfigError where the file cannot be read, is no TOML, or has something else in the place of the table.
    """
    path = _user_file(os.environ if environ is None else environ)
    if not os.path.lexists(path):
        return {}
    document = read_toml(path, str(path))
    table: Any = document.values
    for depth, key in enumerate(USER_TABLE.split("."), 1):
        table = table.get(key, {})
        if not isinstance(table, dict):
            at = USER_TABLE.split(".")[:depth]
            raise ConfigError(Problem(f"{'.'.join(at)}: must be a table, not {type_name(table)}", location=document.location(at)))
    return dict(table)


def _user_file(environ: Mapping[str, str]) -> Path:
    """Hatch's own configuration. Source: https://hatch.pypa.io/latest/config/hatch/"""
    from platformdirs import user_config_dir

    return Path(environ.get("HATCH_CONFIG") or Path(user_config_dir("hatch", appauthor=False)) / "config.toml")


def _place_of_user(key: str, environ: Mapping[str, str]) -> tuple[str, Location]:
    """What a key of the user's table is called, and where it stands."""
    path = _user_file(environ)
    place = _place(path, str(path), (*USER_TABLE.split("."), key)) or Location("hatch's configuration")
    return f"[{USER_TABLE}] {key}".rstrip(), place


def _place_in_project(key: str, root: Path | None) -> tuple[str, Location]:
    """What a key of the project's table is called, and where it stands: hatch.toml replaces what pyproject.toml says."""
    place = None
    if root is not None:
        keys = (*PROJECT_TABLE.split("."), key)
        place = _place(root / "hatch.toml", "hatch.toml", keys[2:]) or _place(root / "pyproject.toml", "pyproject.toml", keys)
    return f"[{PROJECT_TABLE}] {key}".rstrip(), place or Location("pyproject.toml")


def _place(path: Path, name: str, keys: Sequence[str]) -> Location | None:
    """Where the key at `keys`, or the table that it would be in, stands in a file; None where the file has no such table."""
    try:
        document = read_toml(path, name)
    except ConfigError:
        return None
    table: Any = document.values
    for part in keys[:-1]:
        table = table.get(part) if isinstance(table, dict) else None
    if table is None:
        return None
    written = isinstance(table, dict) and keys[-1] in table
    return document.location(keys if written else keys[:-1], key=written)


def _anchored(to: str, root: Path) -> str:
    """A destination that a project names; a folder is one of the project's, wherever the command is run."""
    return str(root / Path(to).expanduser()) if is_folder(to, root) and not to.startswith("file:") else to


def _split_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """`options.name` keys, gathered as the table `options`."""
    options = {key.partition(".")[2]: value for key, value in given.items() if key.startswith("options.")}
    rest = {key: value for key, value in given.items() if not key.startswith("options.")}
    return {**rest, "options": options} if options else rest


def _read(table: Any, name: Any, problems: list[Problem], *, texts: bool = False) -> dict[str, Any]:
    """The known keys of one layer, checked; None has none. `name` says what a key is called there, and where it stands."""
    values: dict[str, Any] = {}
    if table is not None and not isinstance(table, dict):
        label, location = name("")
        problems.append(Problem(f"{label} must be a table, not {type_name(table)}", location=location))
        return values
    for key, value in (table or {}).items():
        if key in _HATCH_KEYS:
            continue
        label, location = name(key)
        if key in _SECRETS:
            hint = "use the environment variable TILEBOX_API_KEY, the keyring, or docker's login for a registry"
            problems.append(Problem(f"{label}: secrets are not allowed here", hint=hint, location=location))
        elif key not in _TYPES:
            close = difflib.get_close_matches(key, _TYPES, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known keys are {', '.join(_TYPES)}"
            problems.append(Problem(f"{label} is not known", hint=hint, location=location))
        else:
            fault, read = _convert(_TYPES[key], value, texts=texts)
            if fault:
                problems.append(Problem(f"{label} must be {fault}, not {value!r}", location=location))
            values[key] = read
    return values


def _convert(kind: Any, value: Any, *, texts: bool) -> tuple[str, Any]:
    """What is wrong with a value ("" for nothing), and the value."""
    if kind == "bool":
        if texts and isinstance(value, str):
            value = {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
        return ("" if isinstance(value, bool) else "true or false"), value
    if kind == "str":
        return ("" if isinstance(value, str) and value else "a string that is not empty"), value
    fine = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return ("" if fine else "a table of texts"), value
