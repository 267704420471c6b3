"""Name, version and supported Pythons as `[project]` says them, checked by the standards and by no build backend's own rules.

uv needs no more to run a project. Source: https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.core.toml_document import read_toml
from hatch_tilebox.project.toml.kinds import Report, Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["StaticMetadata", "read_static_metadata"]


class StaticMetadata(NamedTuple):
    """What `[project]` says; `dynamic` names those of `version` and `requires-python` that only the build backend can give."""

    name: str
    version: str | None
    requires_python: str | None
    dynamic: tuple[str, ...] = ()


def read_static_metadata(root: Path) -> StaticMetadata:
    """The metadata in the `pyproject.toml` of the folder `root`, each value in its normal form.

    Raises ConfigError, with every fault and its line, where a value is missing or is not what the standards allow.
    """
    document = read_toml(root / "pyproject.toml", "pyproject.toml")
    report = Report()
    project: Mapping[str, Any] = document.values.get("project", {})
    computed = project.get("dynamic", [])
    dynamic = tuple(key for key in ("version", "requires-python") if key in computed)
    for key in ("name", *dynamic):
        if key in project and key in computed:
            report.key(("project", key), f'is given here and listed in dynamic; remove "{key}" from dynamic')
    if "name" in computed:
        report.value(("project", "dynamic"), "the name of a project cannot be dynamic")
    if "version" not in project and "version" not in dynamic:
        report.value(("project",), 'version is missing; write version = "0.1.0"')
    found = {key: Text(check).read(project[key], ("project", key), report) for key, check in _CHECKS.items() if key in project}
    if report.mistakes:
        raise ConfigError(*report.problems(document))
    version, python = found.get("version"), found.get("requires-python")
    return StaticMetadata(
        canonicalize_name(found["name"]),
        str(Version(version)) if version else None,
        str(SpecifierSet(python)) if python else None,
        dynamic,
    )


def _check_name(text: str) -> str | None:
    try:
        canonicalize_name(text, validate=True)
    except InvalidName:
        return f'"{text}" is not a name of a project: letters A-Z and a-z, digits, and -, _ or . between them'
    return None


def _check_version(text: str) -> str | None:
    try:
        Version(text)
    except InvalidVersion:
        return f'"{text}" is not a version; an example is "1.2.0"'
    return None


def _check_python(text: str) -> str | None:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return f'"{text}" is not a range of versions; an example is ">=3.11"'
    return None


_CHECKS = {"name": _check_name, "version": _check_version, "requires-python": _check_python}
