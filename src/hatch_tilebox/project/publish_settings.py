"""The settings of a publication: from the command line, the environment, `pyproject.toml` and hatch's own configuration."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.suggestions import did_you_mean
from hatch_tilebox.core.toml_document import read_toml, table_at
from hatch_tilebox.project.build_options import PLACES, PUBLISH_TABLE
from hatch_tilebox.project.policy_file import load_policies
from hatch_tilebox.project.publish_keys import publish_variable
from hatch_tilebox.project.toml.kinds import type_name
from hatch_tilebox.publish.addresses import is_folder
from hatch_tilebox.publish.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from hatch_tilebox.core.policy import Policy
    from hatch_tilebox.core.pyproject import Pyproject

PROJECT_TABLE = PUBLISH_TABLE
USER_TABLE = "publish.tilebox"
_SECRETS = {"api-key", "auth", "key", "password", "token"}
_OTHERS = {"disable", "policy"}
"""Keys of hatch, and what is read elsewhere."""


_TYPES = {item.name.replace("_", "-"): item.type for item in fields(Settings) if item.name not in {"by_project", "policies"}}


def load_settings(
    *,
    given: Mapping[str, Any] | None = None,
    pyproject: Pyproject | None = None,
    user: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings: those `given` with the command, else of the environment, the project, the user, else the defaults.

    `given` may have strings as truth values, as hatch's `-o` does. A folder that the project names is relative to the project.
    Raises ConfigError with all mistakes.
    """
    problems: list[Problem] = []
    environ = os.environ if environ is None else environ
    project = pyproject.hatch_table("publish", "tilebox") if pyproject else None
    variables = {publish_variable(key): key for key in _TYPES if key != "options"}
    layers = [
        _read(user, lambda key: _name_of_user(key, environ), problems),
        _read(project, lambda key: _name_in_project(key, pyproject), problems),
        _read(
            {key: environ[variable] for variable, key in variables.items() if environ.get(variable)},
            lambda key: (publish_variable(key), Location("the environment")),
            problems,
            texts=True,
        ),
        _read(_split_options(given or {}), lambda key: (f"option {key}", None), problems, texts=True),
    ]
    policies: tuple[Policy, ...] = ()
    try:
        places = (user if isinstance(user, dict) else {}, {"policy": environ.get(publish_variable("policy"))}, given or {})
        policies = load_policies(pyproject, project, [layer.get("policy") for layer in places])
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(*problems)
    if pyproject and "to" in layers[1]:
        layers[1]["to"] = _anchored(layers[1]["to"], pyproject.root)
    merged: dict[str, Any] = {}
    options: dict[str, str] = {}
    for layer in layers:
        options |= layer.get("options", {})
        merged |= layer
    users, projects, *chosen = layers
    alone = {key for key, value in projects.items() if users.get(key) != value and not any(key in layer for layer in chosen)}
    by_project = frozenset(key.replace("-", "_") for key in alone)
    values = {key.replace("-", "_"): value for key, value in {**merged, "options": options}.items()}
    return Settings(**values, policies=policies, by_project=by_project)


def read_user_table(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the table `[publish.tilebox]` of hatch's configuration file, empty if there is none.

    Raises ConfigError if the file cannot be read or is not TOML, or if the table is something else.
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
            raise ConfigError(
                Problem(f"{'.'.join(at)}: must be a table, not {type_name(table)}", location=document.location(at), code="TBX022")
            )
    return dict(table)


def _user_file(environ: Mapping[str, str]) -> Path:
    """Return the path of hatch's own configuration. Source: https://hatch.pypa.io/latest/config/hatch/"""
    from platformdirs import user_config_dir

    return Path(environ.get("HATCH_CONFIG") or Path(user_config_dir("hatch", appauthor=False)) / "config.toml")


def _name_of_user(key: str, environ: Mapping[str, str]) -> tuple[str, Location]:
    """Return what messages call a key of the user's table, and its place."""
    path, keys = _user_file(environ), (*USER_TABLE.split("."), key)
    place = Location("hatch's configuration")
    with suppress(ConfigError):
        document = read_toml(path, str(path))
        if table := table_at(document.values, keys[:-1]):
            place = document.location(keys if key in table else keys[:-1], key=key in table)
    return f"[{USER_TABLE}] {key}".rstrip(), place


def _name_in_project(key: str, pyproject: Pyproject | None) -> tuple[str, Location]:
    """Return what messages call a key of the project's table, and its place."""
    place = pyproject.hatch_location(("publish", "tilebox", key)) if pyproject else None
    return f"[{PROJECT_TABLE}] {key}".rstrip(), place or Location("pyproject.toml")


def _anchored(to: str, root: Path) -> str:
    """Return a destination of a project. A folder is relative to the project, not to the working directory."""
    return str(root / Path(to).expanduser()) if is_folder(to, root) and not to.startswith("file:") else to


def _split_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` with its keys `options.NAME` as one table `options`."""
    options = {key.partition(".")[2]: value for key, value in given.items() if key.startswith("options.")}
    rest = {key: value for key, value in given.items() if not key.startswith("options.")}
    return {**rest, "options": options} if options else rest


def _read(
    table: object, name: Callable[[str], tuple[str, Location | None]], problems: list[Problem], *, texts: bool = False
) -> dict[str, Any]:
    """Return the checked keys of one layer. `name` returns what messages call a key of it, and its place."""
    values: dict[str, Any] = {}
    if table is not None and not isinstance(table, dict):
        label, location = name("")
        problems.append(Problem(f"{label} must be a table, not {type_name(table)}", location=location, code="TBX022"))
        return values
    for key, value in (table or {}).items():
        if key in _OTHERS:
            continue
        label, location = name(key)
        if key in _SECRETS:
            hint = "use the environment variable TILEBOX_API_KEY, the keyring, or docker's login for a registry"
            problems.append(Problem(f"{label}: secrets are not allowed here", hint=hint, location=location, code="TBX018"))
        elif key not in _TYPES:
            question = did_you_mean(key, _TYPES, quote="'")
            place = None if question else PLACES.get(key.replace("_", "-"), PLACES.get(key))
            hint = question or f"known keys are {', '.join(_TYPES)}"
            hint, code = (f"it belongs {place}", "TBX013") if place else (hint, "TBX012")
            problems.append(Problem(f"{label} is not known", hint=hint, location=location, code=code))
        else:
            fault, read = _convert(_TYPES[key], value, texts=texts)
            if fault:
                problems.append(Problem(f"{label} must be {fault}, not {value!r}", location=location, code="TBX022"))
            values[key] = read
    return values


def _convert(kind: object, value: object, *, texts: bool) -> tuple[str, object]:
    """Return what a value must be, "" if it is that, and the value."""
    if kind in {"bool", "bool | None"}:
        if texts and isinstance(value, str):
            value = {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
        return ("" if isinstance(value, bool) else "true or false"), value
    if kind == "str":
        return ("" if isinstance(value, str) and value else "a string that is not empty"), value
    fine = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return ("" if fine else "a table of strings"), value
