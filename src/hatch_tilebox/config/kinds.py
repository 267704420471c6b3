"""What a value in a configuration may be: how it is checked, called, and said in JSON Schema.

A TOML table is a dataclass, whose fields have `metadata=key(...)`: kind and description stay with the field, so that the parser,
the JSON Schema and the reference pages cannot say different things.
"""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hatch_tilebox.config.document import dotted, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hatch_tilebox.config.positions import KeyPath

__all__ = [
    "Choice",
    "Flag",
    "Key",
    "Kind",
    "Number",
    "Report",
    "Size",
    "Table",
    "Tables",
    "Text",
    "Texts",
    "key",
    "keys_of",
    "suggestion",
]

_REQUIRED = dataclasses.MISSING


@dataclass(frozen=True)
class Finding:
    """Something wrong at `path`: with the key itself, or (`of_key` false) with its value."""

    path: KeyPath
    message: str
    of_key: bool


class Report:
    """Collects what is wrong. `places` gives the dotted form of keys by their name, for suggestions across tables.

    `meant` are the keys that were suggested in place of unknown ones: they are not missing as well.
    """

    def __init__(self, places: Mapping[str, str] | None = None) -> None:
        self.findings: list[Finding] = []
        self.places = places or {}
        self.meant: set[KeyPath] = set()

    def value(self, path: KeyPath, message: str) -> None:
        """The value at `path` is wrong, or missing."""
        self.findings.append(Finding(path, message, of_key=False))

    def key(self, path: KeyPath, message: str) -> None:
        """The key at `path` is wrong."""
        self.findings.append(Finding(path, message, of_key=True))


class Kind(ABC):
    """A kind of value. `name` is what people call it."""

    name: str

    @abstractmethod
    def read(self, value: Any, at: KeyPath, report: Report) -> Any:
        """The checked value in the form the program wants; what is wrong goes to `report`, and then the result means nothing."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The kind as JSON Schema, draft 7."""

    def from_text(self, text: str) -> Any:
        """A value to `read` from an environment variable or a setting; text that does not fit stays text."""
        return text


def type_name(value: Any) -> str:
    """What TOML calls the type of a value, with its article."""
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "an array", dict: "a table"}
    return next((name for type_, name in names.items() if isinstance(value, type_)), "a date or time")


@dataclass(frozen=True)
class Text(Kind):
    """A string that is not empty. `check` returns what is wrong with one; `rules` say as much of that as JSON Schema can."""

    check: Callable[[str], str | None] = lambda _: None
    rules: Mapping[str, Any] = field(default_factory=dict)
    name: str = "string"

    def read(self, value: Any, at: KeyPath, report: Report) -> str:
        if not isinstance(value, str):
            report.value(at, f"must be a string, not {type_name(value)}")
        elif not value.strip():
            report.value(at, "must not be empty")
        elif message := self.check(value):
            report.value(at, message)
        else:
            return value
        return ""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, **({} if "pattern" in self.rules else {"pattern": r"\S"}), **self.rules}


@dataclass(frozen=True)
class Texts(Kind):
    """An array of strings, of which there must be at least `least`."""

    item: Text = field(default_factory=Text)
    least: int = 0
    name: str = "array of strings"

    def read(self, value: Any, at: KeyPath, report: Report) -> tuple[str, ...]:
        if not isinstance(value, list):
            report.value(at, f"must be an array of strings, not {type_name(value)}")
            return ()
        if len(value) < self.least:
            report.value(at, "must not be empty")
        return tuple(self.item.read(item, (*at, index), report) for index, item in enumerate(value))

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema(), **({"minItems": self.least} if self.least else {})}

    def from_text(self, text: str) -> list[str]:
        import os

        return [part for part in text.split(os.pathsep) if part]


@dataclass(frozen=True)
class Flag(Kind):
    """true or false."""

    name: str = "boolean"

    def read(self, value: Any, at: KeyPath, report: Report) -> bool:
        if not isinstance(value, bool):
            report.value(at, f"must be true or false, not {_shown(value)}")
        return value is True

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def from_text(self, text: str) -> bool | str:
        words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
        return words.get(text.strip().lower(), text)


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...]
    name: str = "string"

    def read(self, value: Any, at: KeyPath, report: Report) -> str:
        if value in self.words:
            return str(value)
        allowed = " or ".join(f'"{word}"' for word in self.words)
        report.value(at, f"must be {allowed}, not {_shown(value)}{suggestion(value, self.words)}")
        return ""

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Number(Kind):
    """A number greater than 0 and finite."""

    unit: str
    name: str = "number"

    def read(self, value: Any, at: KeyPath, report: Report) -> float:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf"):
            return float(value)
        report.value(at, f"must be a number of {self.unit} greater than 0, not {_shown(value)}")
        return 0.0

    def schema(self) -> dict[str, Any]:
        return {"type": "number", "exclusiveMinimum": 0}

    def from_text(self, text: str) -> float | str:
        try:
            return float(text)
        except ValueError:
            return text


@dataclass(frozen=True)
class Size(Kind):
    """A number of bytes, as an integer or with a unit: `"500 MB"`, `"1 GiB"`."""

    name: str = "integer or string"

    def read(self, value: Any, at: KeyPath, report: Report) -> int:
        size = value if type(value) is int else self._bytes(value) if isinstance(value, str) else 0
        if size <= 0:
            report.value(at, f'must be a number of bytes, or a size such as "500 MB" or "1 GiB", not {_shown(value)}')
        return size

    @staticmethod
    def _bytes(text: str) -> int:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt]?)(i?)b)?\s*", text, re.IGNORECASE | re.ASCII)
        if not match:
            return 0
        number, prefix, binary = match.groups(default="")
        return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(prefix.lower() or " "))

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "string"}]}


@dataclass(frozen=True)
class Table(Kind):
    """A table with the keys that the fields of the dataclass `model` name."""

    model: type
    rules: Mapping[str, Any] = field(default_factory=dict)
    name: str = "table"

    def read(self, value: Any, at: KeyPath, report: Report) -> Any:
        if not isinstance(value, dict):
            report.value(at, f"must be a table, not {type_name(value)}")
            return None
        keys = {key.name: key for key in keys_of(self.model)}
        for name in value:
            if name not in keys:
                self._unknown(name, keys, at, report)
        found = {}
        for name, key in keys.items():
            if name in value:
                found[key.field] = key.kind.read(value[name], (*at, name), report)
            elif key.required and (*at, name) not in report.meant:
                report.value((*at, name), f"missing; {key.missing or 'it is required'}")
            else:
                found[key.field] = key.default
        return self.model(**found) if not report.findings else None

    @staticmethod
    def _unknown(name: str, keys: Iterable[str], at: KeyPath, report: Report) -> None:
        meant = close_match(name, keys)
        elsewhere = close_match(name, report.places) if meant is None else None
        if meant is not None:
            report.meant.add((*at, meant))
            end = f'did you mean "{meant}"?'
        elif elsewhere is not None:
            end = f'did you mean "{report.places[elsewhere]}"?'
        else:
            end = "allowed: " + ", ".join(keys)
        report.key((*at, name), f"unknown key; {end}")

    def schema(self) -> dict[str, Any]:
        keys = keys_of(self.model)
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [key.name for key in keys if key.required],
            "properties": {key.name: {**key.kind.schema(), **key.annotations()} for key in keys},
            **self.rules,
        }


@dataclass(frozen=True)
class Tables(Kind):
    """Any number of tables of one kind, whose names must match `pattern`: `names` says so in words."""

    table: Table
    pattern: str
    names: str
    name: str = "tables"

    def read(self, value: Any, at: KeyPath, report: Report) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            report.value(at, f"must be a table of tables, not {type_name(value)}")
            return {}
        for name in value:
            if not re.fullmatch(self.pattern, name):
                report.key((*at, name), f"a name here is {self.names}")
        return {name: self.table.read(item, (*at, name), report) for name, item in value.items()}

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": False, "patternProperties": {f"^{self.pattern}$": self.table.schema()}}


@dataclass(frozen=True)
class Key:
    """A key of a TOML table, as its dataclass declares it."""

    name: str
    field: str
    kind: Kind
    doc: str
    default: Any
    shown: str
    missing: str
    examples: tuple[Any, ...]

    @property
    def required(self) -> bool:
        """Whether a table without this key is wrong."""
        return self.default is _REQUIRED

    def annotations(self) -> dict[str, Any]:
        """What an editor shows, as JSON Schema."""
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        return {
            "title": self.name,
            "description": self.doc,
            **({"default": default} if isinstance(default, (str, bool, int, float, list)) else {}),
            **({"examples": list(self.examples)} if self.examples else {}),
        }


def key(kind: Kind, doc: str, *, shown: str = "", missing: str = "", examples: tuple[Any, ...] = ()) -> dict[str, Any]:
    """The metadata of a dataclass field that stands for a key of a TOML table.

    `doc` describes it in Markdown. `shown` is the default for people, where Python's own form would puzzle them. Without a default
    the key is required, and `missing` says what to write.
    """
    return {"kind": kind, "doc": doc, "shown": shown, "missing": missing, "examples": examples}


def keys_of(model: type, *, hyphens: bool = False) -> tuple[Key, ...]:
    """The keys of the table that the dataclass `model` stands for; `hyphens` where its keys have them, as in `pyproject.toml`."""
    return tuple(
        Key(name=item.name.replace("_", "-") if hyphens else item.name, field=item.name, default=item.default, **item.metadata)
        for item in dataclasses.fields(model)
    )


def close_match(word: object, words: Iterable[str]) -> str | None:
    """The one of `words` that a misspelt one was most likely meant to be."""
    import difflib

    spelled = {_plain(known): known for known in words}
    matches = difflib.get_close_matches(_plain(str(word)), spelled, n=1, cutoff=0.7)
    return spelled[matches[0]] if matches else None


def suggestion(word: object, words: Iterable[str]) -> str:
    """The end of a message about a misspelt word: `; did you mean "include"?`, or nothing."""
    meant = close_match(word, words)
    return f'; did you mean "{meant}"?' if meant is not None else ""


def _plain(word: str) -> str:
    return word.lower().replace("_", "-")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return f'"{value}"' if isinstance(value, str) else type_name(value)


def sentences(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Each finding with its message as people read it, key first."""
    for finding in findings:
        yield finding, one_line(f"{dotted(finding.path)}: {finding.message}")
