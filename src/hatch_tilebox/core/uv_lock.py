"""`uv.lock` as a value: of a project, or of the files of a release.

uv writes the file. Its format: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.core.toml_document import parse_toml, table_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hatch_tilebox.core.model import FileSet

KINDS = ("registry", "git", "url", "path", "directory", "editable", "virtual")
"""The kinds of a source."""
_FOLDERS = frozenset({"directory", "editable", "virtual"})
_RENEW = "remove the file, then run: uv lock"
_CONFLICT = re.compile(r"^(<<<<<<<|>>>>>>>)", re.MULTILINE)


@dataclass(frozen=True)
class LockedFile:
    """A file to install, at a URL or a path. `size` is in bytes, None if the lock does not have it."""

    url: str = ""
    path: str = ""
    size: int | None = None
    filename: str = ""

    @property
    def name(self) -> str:
        """The name of the file."""
        return (self.filename or self.url or self.path).partition("#")[0].rpartition("/")[2].replace("%2B", "+")


@dataclass(frozen=True)
class LockedPackage:
    """A package in a lock, with the name in its normal form.

    `kind` is the kind of its source, one of KINDS, and `source` its URL or path, as written. `version` is "" if the package is
    a folder with a dynamic version. `dependencies` are the names of the packages that it depends on. `required` are those that its
    metadata name; only packages in folders have them.
    """

    name: str
    version: str
    kind: str
    source: str
    sdist: LockedFile | None = None
    wheels: tuple[LockedFile, ...] = ()
    dependencies: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()

    @property
    def files(self) -> tuple[LockedFile, ...]:
        """All files of the package."""
        return (self.sdist, *self.wheels) if self.sdist else self.wheels

    @property
    def is_project(self) -> bool:
        """Whether the package is the project of the lock itself."""
        return self.source == "." and self.kind in _FOLDERS

    @property
    def is_local(self) -> bool:
        """Whether `source` is a path, of a folder or a file that is not in an index."""
        return self.kind == "path" or self.kind in _FOLDERS


@dataclass(frozen=True)
class UvLock:
    """A `uv.lock`. `values` is the whole document."""

    packages: tuple[LockedPackage, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def options(self) -> Mapping[str, Any]:
        """The options that the lock was resolved with."""
        return table_at(self.values, ["options"])

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What else the lock was resolved with, such as constraints."""
        return table_at(self.values, ["manifest"])

    def versions(self, name: str) -> list[str]:
        """Return the versions of a package, several if they have markers."""
        return [package.version for package in self.packages if package.name == name]


def read_lock(path: Path) -> UvLock:
    """Return the lock in the file `path`. Raises FileNotFoundError, and ConfigError if it is not a lock that uv writes."""
    try:
        return parse_lock(read_text(path, allow_mark=True))
    except UnreadableTextError as error:
        hint = error.hint or _RENEW
        raise ConfigError(Problem(error.reason, hint, Location(LOCK_NAME, error.line, error.column), code="TBX030")) from error


def selected_lock(files: FileSet) -> UvLock | None:
    """Return the lock among the files of a release, None if there is none. A damaged one has no packages: uv reports it."""
    file = next((file for file in files.files if file.path == LOCK_NAME), None)
    try:
        return file and read_lock(file.source)
    except (ConfigError, FileNotFoundError):
        return UvLock()


def parse_lock(text: str) -> UvLock:
    """Return the lock with this text. Raises ConfigError if it is not one that uv writes."""
    if _CONFLICT.search(text):
        hint = "take one side, as with `git checkout --theirs uv.lock`, then run: uv lock"
        raise ConfigError(Problem("a merge left conflicts in it", hint, Location(LOCK_NAME), code="TBX030"))
    try:
        values = parse_toml(text, LOCK_NAME).values
    except ConfigError as error:
        raise ConfigError(*(problem._replace(hint=_RENEW) for problem in error.problems)) from error
    try:
        packages = tuple(map(_package, values.get("package", [])))
    except (AttributeError, KeyError, TypeError) as error:
        message = "it does not have the shape of a lock that uv writes"
        raise ConfigError(Problem(message, _RENEW, Location(LOCK_NAME), code="TBX030")) from error
    return UvLock(packages, values)


def _package(entry: Mapping[str, Any]) -> LockedPackage:
    source = entry.get("source", {})
    kind = next((kind for kind in KINDS if kind in source), "registry")
    return LockedPackage(
        name=_text(entry["name"]),
        version=_text(entry.get("version", "")),
        kind=kind,
        source=_text(source.get(kind, "")),
        sdist=_file(entry["sdist"]) if "sdist" in entry else None,
        wheels=tuple(map(_file, entry.get("wheels", []))),
        dependencies=frozenset(_text(item["name"]) for item in _dependencies(entry)),
        required=frozenset(_text(item["name"]) for item in entry.get("metadata", {}).get("requires-dist", [])),
    )


def _file(entry: Mapping[str, Any]) -> LockedFile:
    size = entry.get("size")
    url, path, filename = (_text(entry.get(key, "")) for key in ("url", "path", "filename"))
    return LockedFile(url, path, size if isinstance(size, int) else None, filename)


def _dependencies(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from entry.get("dependencies", [])
    for table in ("optional-dependencies", "dev-dependencies"):
        for items in entry.get(table, {}).values():
            yield from items


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = "not a string"
        raise TypeError(msg)
    return value
