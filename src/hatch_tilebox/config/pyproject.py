"""The shape of what we read in `pyproject.toml` and what is not ours.

Hatchling and uv check it too, each its own part, one mistake at a time and without a line; and neither looks at all of it where
no code of the project may run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.config.document import read_toml
from hatch_tilebox.config.kinds import Flag, Kind, Report, Text, Texts, type_name
from hatch_tilebox.errors import ConfigError, Location, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.config.positions import KeyPath

__all__ = ["read_pyproject"]


class _OneOf(Kind):
    """A value of one of the types, whatever is in it; `name` says which."""

    def __init__(self, name: str, *types: type) -> None:
        self.name = name
        self.types = types

    def read(self, value: Any, at: KeyPath, report: Report) -> Any:
        if not isinstance(value, self.types):
            report.value(at, f"must be {self.name}, not {type_name(value)}")
        return value


class _Groups(Texts):
    """Names of dependency groups, or "all"."""

    def read(self, value: Any, at: KeyPath, report: Report) -> Any:
        return value if value == "all" else super().read(value, at, report)


_TABLE = _OneOf("a table", dict)

# Dotted keys; a star stands for every key of a table. Sources: the standards on pyproject.toml at https://packaging.python.org,
# https://docs.astral.sh/uv/reference/settings/ and https://hatch.pypa.io/latest/config/build/
_SHAPES: dict[str, Kind] = {
    "build-system": _TABLE,
    "build-system.requires": Texts(),
    "build-system.build-backend": Text(),
    "project": _TABLE,
    "project.name": Text(),
    "project.version": Text(),
    "project.dynamic": Texts(),
    "project.dependencies": Texts(),
    "project.optional-dependencies": _TABLE,
    "project.optional-dependencies.*": Texts(),
    "dependency-groups": _TABLE,
    "dependency-groups.*": _OneOf("an array", list),
    "tool": _TABLE,
    "tool.uv": _TABLE,
    "tool.uv.package": Flag(),
    "tool.uv.default-groups": _Groups(),
    "tool.uv.dev-dependencies": Texts(),
    "tool.uv.sources": _TABLE,
    "tool.uv.sources.*": _OneOf("a table or an array of tables", dict, list),
    "tool.uv.workspace": _TABLE,
    "tool.uv.workspace.members": Texts(),
    "tool.uv.workspace.exclude": Texts(),
    "tool.hatch": _TABLE,
    "tool.hatch.version": _TABLE,
    "tool.hatch.metadata": _TABLE,
    "tool.hatch.metadata.hooks": _TABLE,
    "tool.hatch.build": _TABLE,
    "tool.hatch.build.hooks": _TABLE,
    "tool.hatch.build.hooks.*": _TABLE,
    "tool.hatch.build.targets": _TABLE,
    "tool.hatch.build.targets.*": _TABLE,
    "tool.hatch.build.targets.*.hooks": _TABLE,
    "tool.hatch.build.targets.*.hooks.*": _TABLE,
}


def read_pyproject(root: Path) -> dict[str, Any]:
    """The values of `pyproject.toml` in the folder `root`.

    Raises ConfigError where it cannot be read, is no TOML or names no project, and with each value that is of another type than its
    readers need.
    """
    document = read_toml(root / "pyproject.toml", "pyproject.toml")
    report = Report()
    for dotted, kind in _SHAPES.items():
        for path, value in _values_at(document.values, dotted.split("."), ()):
            kind.read(value, path, report)
    if report.findings:
        raise ConfigError(*document.problems(report.findings))
    if "name" not in document.values.get("project", {}):
        hint = "uv init --bare writes one"
        if "poetry" in document.values.get("tool", {}):
            hint = "move the metadata from [tool.poetry] to [project], where Poetry 2 reads it too"
        raise ConfigError(Problem("there is no [project] table with a name", hint, Location(document.name)))
    return document.values


def _values_at(values: Any, keys: Sequence[str], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not keys:
        yield path, values
    elif isinstance(values, dict):
        table: Mapping[str, Any] = values
        for key in table if keys[0] == "*" else keys[:1]:
            if key in table:
                yield from _values_at(table[key], keys[1:], (*path, key))
