"""`pyproject.toml` as a value: of a project, or of the files of a release."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import HATCH_FILE, PYPROJECT_NAME
from hatch_tilebox.core.diagnostics import look_in
from hatch_tilebox.core.errors import Location
from hatch_tilebox.core.identifiers import normalized_name, requirement_name
from hatch_tilebox.core.toml_document import Document, peek_toml, read_toml, table_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class Pyproject:
    """The `pyproject.toml` in the folder `root`, and the `hatch.toml` beside it; `document` is None if the file cannot be read.

    The properties leave out values of a wrong type: `project/pyproject.py` reports those of a project, and uv those of a release.
    """

    def __init__(self, root: Path, document: Document | None = None, hatch_document: Document | None = None) -> None:
        self.root = root
        self.document = document
        self.hatch_document = hatch_document

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of `pyproject.toml`."""
        return self.document.values if self.document else {}

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return the table at `keys`, an empty one if there is none."""
        return table_at(self.values, keys)

    def location(self, *path: str) -> Location:
        """Return the place of the value at `path`, else of the table for it."""
        return self.document.location(path) if self.document else Location(PYPROJECT_NAME)

    def hatch_table(self, *keys: str) -> Mapping[str, Any]:
        """Return the table at `keys` below `[tool.hatch]`. A top-level key of `hatch.toml` replaces the one of `pyproject.toml`."""
        return table_at({**self.table("tool", "hatch"), **(self.hatch_document.values if self.hatch_document else {})}, keys)

    def hatch_location(self, path: tuple[str, ...]) -> Location | None:
        """Return the place of the key at `path` below `[tool.hatch]`, else of the table for it; None if no file has that table."""
        for document, full in ((self.hatch_document, path), (self.document, ("tool", "hatch", *path))):
            if document and (table := table_at(document.values, full[:-1])):
                return document.location(full if path[-1] in table else full[:-1], key=path[-1] in table)
        return None

    @property
    def name(self) -> str:
        """The name of the project in its normal form, "" if it has none."""
        name = self.table("project").get("name")
        return normalized_name(name) if isinstance(name, str) else ""

    @property
    def dynamic(self) -> tuple[str, ...]:
        """The fields of `[project]` that the build backend computes."""
        return texts(self.table("project").get("dynamic"))

    @property
    def dependencies(self) -> tuple[str, ...]:
        """The requirements of the project, as written."""
        return texts(self.table("project").get("dependencies"))

    @property
    def extras(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each extra, as written."""
        return {name: texts(items) for name, items in self.table("project", "optional-dependencies").items()}

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """The requirements of each dependency group, as written. Groups that a group includes are left out."""
        return {name: texts(items) for name, items in self.table("dependency-groups").items()}

    @cached_property
    def dependency_names(self) -> frozenset[str]:
        """The normal names of the project's dependencies."""
        return requirement_names(self.dependencies)

    @cached_property
    def development_names(self) -> frozenset[str]:
        """The normal names of packages that only dependency groups require which `uv run` installs by default."""
        uv = self.table("tool", "uv")
        default = uv.get("default-groups", ["dev"])
        chosen = [items for name, items in self.groups.items() if not isinstance(default, list) or name in default]
        named = requirement_names(texts(uv.get("dev-dependencies"))).union(*map(requirement_names, chosen))
        return named - self.dependency_names

    @property
    def packaged(self) -> bool:
        """Whether uv builds and installs the project. Source: https://docs.astral.sh/uv/concepts/projects/config/#build-systems"""
        package = self.table("tool", "uv").get("package")
        return bool(package) if package is not None else "build-system" in self.values

    @property
    def build_inputs(self) -> tuple[str, ...]:
        """Paths and patterns of the files that a build of the project reads besides its packages, such as its readme."""
        project = self.table("project")
        readme, license_ = project.get("readme"), project.get("license")
        named = [
            readme.get("file") if isinstance(readme, dict) else readme,
            license_.get("file") if isinstance(license_, dict) else None,
            *texts(project.get("license-files")),
            self.hatch_table("version").get("path"),
            *self.hatch_table("build", "targets", "wheel", "force-include"),
        ]
        return tuple(name for name in named if isinstance(name, str))

    @property
    def sources(self) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """The tables of `[tool.uv.sources]` by the normal name of the package: several if they have markers."""
        found = {}
        for name, source in self.table("tool", "uv", "sources").items():
            choices = source if isinstance(source, list) else [source]
            found[normalized_name(name)] = tuple(choice for choice in choices if isinstance(choice, dict))
        return found

    @property
    def workspace(self) -> Mapping[str, Any]:
        """The table `[tool.uv.workspace]`."""
        return self.table("tool", "uv", "workspace")


def load_pyproject(root: Path) -> Pyproject:
    """Return the `pyproject.toml` in the folder `root`, unchecked. Raises ConfigError if it or `hatch.toml` cannot be read."""
    look_in(root)
    hatch = read_toml(root / HATCH_FILE, HATCH_FILE) if (root / HATCH_FILE).exists() else None
    return Pyproject(root, read_toml(root / PYPROJECT_NAME, PYPROJECT_NAME), hatch)


def peek_pyproject(root: Path, *, allow_mark: bool = False) -> Pyproject:
    """Return what can be read of `pyproject.toml` and `hatch.toml` in the folder `root`, whose errors are reported elsewhere."""
    return Pyproject(root, *(peek_toml(root / name, allow_mark=allow_mark) for name in (PYPROJECT_NAME, HATCH_FILE)))


def texts(values: object) -> tuple[str, ...]:
    """Return the strings in an array, none if `values` is something else."""
    return tuple(item for item in values if isinstance(item, str)) if isinstance(values, list) else ()


def requirement_names(requirements: Iterable[str]) -> frozenset[str]:
    """Return the normal names of the packages that `requirements` name. Invalid requirements are left out."""
    return frozenset(filter(None, map(requirement_name, requirements)))
