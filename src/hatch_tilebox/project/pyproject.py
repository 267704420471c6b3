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
    from pathlib import Path
    from typing import TypeAlias

    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.core.toml_document import Document
    from hatch_tilebox.core.toml_positions import KeyPath

    Shape: TypeAlias = Kind | str | dict[str, "Shape"] | list["Shape"] | tuple["Shape", ...]


class _Groups(Texts):
    """Names of dependency groups, or "all"."""

    def read(self, value: Any, at: KeyPath, report: Report) -> Any:
        return value if value == "all" else super().read(value, at, report)


# What a value may be: a kind; else any string, a table with these keys (`*` is every key), or an array of such items, each shown by
# an example; or one of several of them. Sources: the standards on pyproject.toml at https://packaging.python.org,
# https://docs.astral.sh/uv/reference/settings/ and https://hatch.pypa.io/latest/config/build/
_STRINGS: Shape = {"*": ""}
_HATCH: Shape = {
    "version": {},
    "metadata": {"hooks": {"*": {}}},
    "build": {"hooks": {"*": {}}, "targets": {"*": {"hooks": {"*": {}}}}},
    "publish": {"*": {}},
}
"""What `hatch.toml` may have, and `[tool.hatch]`."""
_PYPROJECT: Shape = {
    "build-system": {"requires": Texts(), "build-backend": Text(), "backend-path": Texts()},
    "project": {
        "name": Text(),
        "version": Text(),
        "description": "",
        "readme": ("", {}),
        "requires-python": "",
        "license": ("", {}),
        "license-files": ([""], {}),
        "authors": [{}],
        "maintainers": [{}],
        "keywords": [""],
        "classifiers": [""],
        "urls": _STRINGS,
        "scripts": _STRINGS,
        "gui-scripts": _STRINGS,
        "entry-points": {"*": _STRINGS},
        "dynamic": Texts(),
        "dependencies": Texts(),
        "optional-dependencies": {"*": Texts()},
    },
    "dependency-groups": {"*": [("", {})]},
    "tool": {
        "uv": {
            "package": Flag(),
            "default-groups": _Groups(),
            "dev-dependencies": Texts(),
            "index": [{}],
            "sources": {"*": ({"path": ""}, [{"path": ""}])},
            "workspace": {"members": Texts(), "exclude": Texts()},
        },
        "hatch": _HATCH,
    },
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
    problems = _wrong(pyproject.document, _PYPROJECT)
    if pyproject.hatch_document:
        problems += _wrong(pyproject.hatch_document, _HATCH)
    if problems:
        raise ConfigError(*problems)
    if "name" not in pyproject.table("project"):
        hint = "uv init --bare writes one"
        if "poetry" in pyproject.table("tool"):
            hint = "move the metadata from [tool.poetry] to [project], where Poetry 2 reads it too"
        raise ConfigError(Problem("there is no [project] table with a name", hint, Location(PYPROJECT_NAME), code="TBX002"))
    return pyproject


def _wrong(document: Document, shape: Shape) -> list[Problem]:
    """Return a problem for each value of the document that has not the type in `shape`."""
    report = Report()
    _check(document.values, shape, (), report)
    return report.problems(document)


def _check(value: Any, shape: Shape, at: KeyPath, report: Report) -> None:
    if isinstance(shape, Kind):
        shape.read(value, at, report)
        return
    allowed = shape if isinstance(shape, tuple) else (shape,)
    fitting = next((each for each in allowed if isinstance(value, type(each))), None)
    if fitting is None:
        report.value(at, f"must be {' or '.join(map(_name, allowed))}, not {type_name(value)}")
    elif isinstance(fitting, dict):
        for key, item in value.items():
            inner = fitting.get(key, fitting.get("*"))
            if inner is not None:
                _check(item, inner, (*at, key), report)
    elif isinstance(fitting, list):
        for index, item in enumerate(value):
            _check(item, fitting[0], (*at, index), report)


def _name(shape: Shape) -> str:
    return "an array of tables" if isinstance(shape, list) and any(isinstance(item, dict) for item in shape) else type_name(shape)
