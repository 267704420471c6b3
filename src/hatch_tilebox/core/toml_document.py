"""TOML files as values that know where they are written. Everything in this package that reads TOML reads it here."""

from __future__ import annotations

import re
import sys
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.read_text import UnreadableTextError, read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.toml_positions import Positions

_BARE_KEY = r"[A-Za-z0-9_-]+"
_ERROR = r"(?s)(?P<words>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)"


class Document:
    """A TOML document. `name` is what messages call the file, `text` has plain line feeds."""

    def __init__(self, name: str, text: str, values: Mapping[str, Any]) -> None:
        self.name = name
        self.text = text
        self.values = values

    @cached_property
    def _positions(self) -> Positions:
        from hatch_tilebox.core.toml_positions import Positions  # most builds report nothing

        return Positions(self.text)

    def location(self, path: Sequence[str | int], *, key: bool = False) -> Location:
        """The place of the value at `path`, or with `key` of its key; of a value that is not there, what would contain it."""
        span = self._positions.key(path) if key else self._positions.value(path)
        return Location(self.name, *self._positions.line_and_column(span.start)) if span else Location(self.name)


def read_toml(path: Path, name: str, *, allow_mark: bool = False) -> Document:
    """Return the document in the file `path`, which messages call `name`. With `allow_mark` it may begin with a byte order mark.

    Raises ConfigError if the file cannot be read, is not UTF-8, or is not TOML.
    """
    try:
        text = read_text(path, allow_mark=allow_mark)
    except FileNotFoundError as error:
        raise ConfigError(Problem("no such file", location=Location(name), code="TBX001")) from error
    except UnreadableTextError as error:
        raise ConfigError(Problem(error.reason, error.hint, Location(name, error.line, error.column), code="TBX003")) from error
    return parse_toml(text, name)


@lru_cache(maxsize=16)  # the steps of a build ask for the same few files; what they get must not be changed
def parse_toml(text: str, name: str) -> Document:
    """Return the document with this text, which messages call `name`. Raises ConfigError if it is not TOML."""
    text = text.replace("\r\n", "\n")  # every version of the parser counts these lines alike
    try:
        return Document(name, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(_ERROR, str(error))
        words = found["words"] if found else str(error)
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
        if found and found["line"]:
            line, column = int(found["line"]), int(found["column"])
        location = Location(name, line, column)
        raise ConfigError(Problem(f"not valid TOML: {printable(words)}", location=location, code="TBX004")) from error
    except RecursionError as error:
        raise ConfigError(Problem("not valid TOML: nested too deeply", location=Location(name), code="TBX004")) from error


def peek_toml(path: Path, *, allow_mark: bool = True) -> Document | None:
    """Return the document in the file `path`, None if it is missing or cannot be read, which is reported elsewhere."""
    try:
        return read_toml(path, path.name, allow_mark=allow_mark)
    except ConfigError:
        return None


def read_values(path: Path) -> Mapping[str, Any]:
    """Return the values in the file `path`, none if it is missing or cannot be read: for files that another tool checks."""
    document = peek_toml(path)
    return document.values if document else {}


def table_at(values: object, path: Sequence[str]) -> Mapping[str, Any]:
    """Return the table at `path` below `values`, an empty one if there is none."""
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else {}


def dotted(path: Sequence[str | int]) -> str:
    """Return `path` as TOML writes keys: `targets."eu west".clusters[1]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if re.fullmatch(_BARE_KEY, part) else f'."{part}"'
    return text.removeprefix(".")
