"""The settings of a publication: from the command line, the environment, `pyproject.toml` and hatch's own configuration."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.toml_document import read_toml, table_at
from hatch_tilebox.project.build_options import PLACES, PUBLISH_TABLE
from hatch_tilebox.project.policy_file import load_policies
from hatch_tilebox.project.toml.kinds import Flag, Report, Text, TextTable, type_name
from hatch_tilebox.project.toml.tables import Key, key
from hatch_tilebox.publish.addresses import is_folder
from hatch_tilebox.publish.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from hatch_tilebox.core.policy import Policy
    from hatch_tilebox.core.pyproject import Pyproject

_USER_TABLE = ("publish", "tilebox")
_SECRETS = {"api-key", "auth", "key", "password", "token"}
_OTHERS = {"disable", "policy"}
"""Keys of hatch, and what is read elsewhere."""
_DESCRIBED = {
    "to": key(
        Text(),
        "The destination: `tilebox`, an `https://`, `file://` or `oci://` URL, a folder, or the URL of a plugin. In "
        "`pyproject.toml`, a relative folder is relative to the project; elsewhere it is relative to the current folder, or to the "
        "project with `hatch publish`.",
        shown="none",
        examples=("oci://ghcr.io/acme/scene-qa",),
    ),
    "artifact-url": key(
        Text(),
        "Where archives are uploaded for the Tilebox API. Without it, Tilebox's command-line tool publishes.",
        shown="none",
        examples=("https://artifacts.example.com/releases",),
    ),
    "check-compatibility": key(
        Flag(),
        "Whether the release is compared with the latest release at the destination, if the destination returns its manifest. A "
        "change that would break jobs of that release, without a new major version, is an error.",
        examples=(False,),
    ),
    "allow-breaking": key(
        Flag(),
        "Whether a change that would break jobs of the latest release is a warning instead.",
        examples=(True,),
    ),
    "unique-versions": key(
        Flag(),
        "Whether another release with the same version is an error, not a warning. In an OCI registry it always is.",
        examples=(True,),
    ),
    "allow-same-version": key(Flag(), "Whether another release may have the same version.", examples=(True,)),
    "build": key(
        Flag(),
        "Whether the release is built first. Without this key, `hatch-tilebox publish` builds a release that is out of date or "
        "missing, and `hatch publish` refuses to publish it.",
        shown="if it is out of date",
        examples=(True,),
    ),
    "stale": key(Flag(), "Whether files of the project may differ from those in the archive.", examples=(True,)),
    "verify": key(Flag(), "Whether the worker is started first. This runs the code of the workflow.", examples=(True,)),
    "dry-run": key(Flag(), "Whether only a report of what would happen is printed, and nothing is changed.", examples=(True,)),
    "deploy": key(
        Text(),
        "The target of `tilebox.workflow.toml` to whose clusters the release is deployed after it is published.",
        shown="none",
        examples=("production",),
    ),
    "options": key(TextTable(), "Options for a destination plugin.", shown="`{}`", examples=({"region": "eu-1"},)),
}


def publish_keys() -> tuple[Key, ...]:
    """Return the settings in the order of the documentation."""
    defaults = {item.name.replace("_", "-"): item.default for item in fields(Settings)}
    return tuple(Key(name, name.replace("-", "_"), default=defaults[name], **described) for name, described in _DESCRIBED.items())


def publish_variable(setting: str) -> str:
    """Return the environment variable of a setting: `dry-run` has `HATCH_TILEBOX_PUBLISH_DRY_RUN`."""
    return "HATCH_TILEBOX_PUBLISH_" + setting.upper().replace("-", "_")


def load_settings(
    *,
    given: Mapping[str, Any] | None = None,
    pyproject: Pyproject | None = None,
    user: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Return the settings: those `given` with the command, else of the environment, the project, the user, else the defaults.

    `given` may have strings as truth values, as hatch's `-o` does. A folder that the project names is relative to the project.
    Raises ConfigError with all mistakes.
    """
    problems: list[Problem] = []
    user, given = user or {}, given or {}
    project = pyproject.hatch_table("publish", "tilebox") if pyproject else {}
    variables = {publish_variable(name): name for name in _DESCRIBED if name != "options"}
    layers = [
        _read(user, lambda key: _name_of_user(key, environ), problems),
        _read(project, lambda key: _name_in_project(key, pyproject), problems),
        _read(
            {name: environ[variable] for variable, name in variables.items() if environ.get(variable)},
            lambda key: (publish_variable(key), Location("the environment")),
            problems,
            texts=True,
        ),
        _read(_split_options(given), lambda key: (f"option {key}", None), problems, texts=True),
    ]
    policies: tuple[Policy, ...] = ()
    try:
        paths = (user.get("policy"), environ.get(publish_variable("policy")), given.get("policy"))
        policies = load_policies(pyproject, project.get("policy"), paths)
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


def read_user_table(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the table `[publish.tilebox]` of hatch's configuration file, empty if there is none.

    Raises ConfigError if the file cannot be read or is not TOML, or if the table is something else.
    """
    path = _user_file(environ)
    if not os.path.lexists(path):
        return {}
    document = read_toml(path, str(path))
    table: Any = document.values
    for depth, name in enumerate(_USER_TABLE, 1):
        table = table.get(name, {})
        if not isinstance(table, dict):
            at = _USER_TABLE[:depth]
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
    path = _user_file(environ)
    place = Location("hatch's configuration")
    with suppress(ConfigError):
        document = read_toml(path, str(path))
        if table := table_at(document.values, _USER_TABLE):
            place = document.location((*_USER_TABLE, key) if key in table else _USER_TABLE, key=key in table)
    return f"[{'.'.join(_USER_TABLE)}] {key}", place


def _name_in_project(key: str, pyproject: Pyproject | None) -> tuple[str, Location]:
    """Return what messages call a key of the project's table, and its place."""
    place = pyproject.hatch_location(("publish", "tilebox", key)) if pyproject else None
    return f"[{PUBLISH_TABLE}] {key}", place or Location("pyproject.toml")


def _anchored(to: str, root: Path) -> str:
    """Return a destination of a project. A folder is relative to the project, not to the working directory."""
    return str(root / Path(to).expanduser()) if is_folder(to, root) and not to.startswith("file:") else to


def _split_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` with its keys `options.NAME` as one table `options`."""
    options = {key.partition(".")[2]: value for key, value in given.items() if key.startswith("options.")}
    rest = {key: value for key, value in given.items() if not key.startswith("options.")}
    return {**rest, "options": options} if options else rest


def _read(
    table: Mapping[str, Any],
    named: Callable[[str], tuple[str, Location | None]],
    problems: list[Problem],
    *,
    texts: bool = False,
) -> dict[str, Any]:
    """Return the checked keys of one layer. `named` returns what messages call a key of it, and its place."""
    kinds = {key.name: key.kind for key in publish_keys()}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name in _OTHERS:
            continue
        label, location = named(name)
        report = Report(elsewhere=PLACES)
        if name in _SECRETS:
            hint = "use the environment variable TILEBOX_API_KEY, the keyring, or docker's login for a registry"
            report.value((), "secrets are not allowed here", hint, "TBX018")
        elif name not in kinds:
            report.unknown((name,), kinds)
            report.mistakes[0] = report.mistakes[0]._replace(path=(), message="unknown key", named=False)
        else:
            written = kinds[name].from_text(value) if texts and isinstance(value, str) else value
            values[name] = kinds[name].read(written, (), report)
            report.mistakes = [mistake._replace(code="TBX022") for mistake in report.mistakes]
        problems += [mistake.problem(".".join((label, *map(str, mistake.path))), location) for mistake in report.mistakes]
    return values
