"""`pyproject.toml` of a project, with the types of all values that this package, hatchling or uv reads.

Hatchling and uv check them too, but each its own part, one mistake at a time and without a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import HATCH_FILE, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.pyproject import load_pyproject
from hatch_tilebox.project.toml.kinds import Flag, Kind, Report, Text, Texts, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.core.toml_document import Document
    from hatch_tilebox.core.toml_positions import KeyPath


class _OneOf(Kind):
    """A value of one of the types, unchecked otherwise. `name` is what messages call them."""

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
_ARRAY = _OneOf("an array", list)
_STRING = _OneOf("a string", str)

# By dotted key; `*` is every key of a table, `#` every item of an array. Sources: the standards on pyproject.toml at
# https://packaging.python.org, https://docs.astral.sh/uv/reference/settings/ and https://hatch.pypa.io/latest/config/build/
_SHAPES: dict[str, Kind] = {
    "build-system": _TABLE,
    "build-system.requires": Texts(),
    "build-system.build-backend": Text(),
    "build-system.backend-path": Texts(),
    "project": _TABLE,
    "project.name": Text(),
    "project.version": Text(),
    "project.description": _STRING,
    "project.readme": _OneOf("a string or a table", str, dict),
    "project.requires-python": _STRING,
    "project.license": _OneOf("a string or a table", str, dict),
    "project.license-files": _OneOf("an array", list, dict),
    "project.authors": _ARRAY,
    "project.authors.#": _TABLE,
    "project.maintainers": _ARRAY,
    "project.maintainers.#": _TABLE,
    "project.keywords": _ARRAY,
    "project.keywords.#": _STRING,
    "project.classifiers": _ARRAY,
    "project.classifiers.#": _STRING,
    "project.urls": _TABLE,
    "project.urls.*": _STRING,
    "project.scripts": _TABLE,
    "project.scripts.*": _STRING,
    "project.gui-scripts": _TABLE,
    "project.gui-scripts.*": _STRING,
    "project.entry-points": _TABLE,
    "project.entry-points.*": _TABLE,
    "project.entry-points.*.*": _STRING,
    "project.dynamic": Texts(),
    "project.dependencies": Texts(),
    "project.optional-dependencies": _TABLE,
    "project.optional-dependencies.*": Texts(),
    "dependency-groups": _TABLE,
    "dependency-groups.*": _ARRAY,
    "dependency-groups.*.#": _OneOf("a string or a table", str, dict),
    "tool": _TABLE,
    "tool.uv": _TABLE,
    "tool.uv.package": Flag(),
    "tool.uv.default-groups": _Groups(),
    "tool.uv.dev-dependencies": Texts(),
    "tool.uv.index": _ARRAY,
    "tool.uv.index.#": _TABLE,
    "tool.uv.sources": _TABLE,
    "tool.uv.sources.*": _OneOf("a table or an array of tables", dict, list),
    "tool.uv.sources.*.path": _STRING,
    "tool.uv.sources.*.#": _TABLE,
    "tool.uv.sources.*.#.path": _STRING,
    "tool.uv.workspace": _TABLE,
    "tool.uv.workspace.members": Texts(),
    "tool.uv.workspace.exclude": Texts(),
    "tool.hatch": _TABLE,
}
# The same below [tool.hatch], and in hatch.toml.
_HATCH_SHAPES: dict[str, Kind] = {
    "version": _TABLE,
    "metadata": _TABLE,
    "metadata.hooks": _TABLE,
    "metadata.hooks.*": _TABLE,
    "build": _TABLE,
    "build.hooks": _TABLE,
    "build.hooks.*": _TABLE,
    "build.targets": _TABLE,
    "build.targets.*": _TABLE,
    "build.targets.*.hooks": _TABLE,
    "build.targets.*.hooks.*": _TABLE,
    "publish": _TABLE,
    "publish.*": _TABLE,
}


def read_pyproject(root: Path) -> Pyproject:
    """Return the checked `pyproject.toml` in the folder `root`. Raises ConfigError, see `check_pyproject`."""
    if not (root / PYPROJECT_NAME).exists():
        hint = "a release takes its name and version from [project] in pyproject.toml"
        raise ConfigError(Problem(f"no pyproject.toml in {root}", hint, code="TBX002"))
    return check_pyproject(load_pyproject(root))


def check_pyproject(pyproject: Pyproject) -> Pyproject:
    """Return `pyproject` if its values, and those of `hatch.toml`, have the right types.

    Raises ConfigError with every value that has not, if a file cannot be read, and if `pyproject.toml` has no project.
    """
    unread_hatch = pyproject.hatch_document is None and (pyproject.root / HATCH_FILE).exists()
    if pyproject.document is None or unread_hatch:
        return read_pyproject(pyproject.root)
    problems = _wrong(pyproject.document, {**_SHAPES, **{f"tool.hatch.{key}": kind for key, kind in _HATCH_SHAPES.items()}})
    if pyproject.hatch_document:
        problems += _wrong(pyproject.hatch_document, _HATCH_SHAPES)
    if problems:
        raise ConfigError(*problems)
    if "name" not in pyproject.table("project"):
        hint = "uv init --bare writes one"
        if "poetry" in pyproject.table("tool"):
            hint = "move the metadata from [tool.poetry] to [project], where Poetry 2 reads it too"
        raise ConfigError(Problem("there is no [project] table with a name", hint, Location(PYPROJECT_NAME), code="TBX002"))
    return pyproject


def _wrong(document: Document, shapes: Mapping[str, Kind]) -> list[Problem]:
    """Return a problem for each value of the document that has not the type in `shapes`."""
    report = Report()
    for key, kind in shapes.items():
        for path, value in _values_at(document.values, key.split("."), ()):
            kind.read(value, path, report)
    return report.problems(document)


def _values_at(values: Any, keys: Sequence[str], path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if not keys:
        yield path, values
    elif isinstance(values, list) and keys[0] == "#":
        for index, item in enumerate(values):
            yield from _values_at(item, keys[1:], (*path, index))
    elif isinstance(values, dict):
        table: Mapping[str, Any] = values
        for key in table if keys[0] == "*" else keys[:1]:
            if key in table:
                yield from _values_at(table[key], keys[1:], (*path, key))
