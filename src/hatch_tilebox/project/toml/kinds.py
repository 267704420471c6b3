"""Kinds of values in a configuration: their checks, their names in messages, and their JSON Schema."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core.errors import Fix, Problem
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.suggestions import close_match, did_you_mean, is_same_word
from hatch_tilebox.core.toml_document import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.core.toml_document import Document
    from hatch_tilebox.core.toml_positions import KeyPath

    Check = Callable[[str], "str | None"]
    Rules = Mapping[str, Any]


class Mistake(NamedTuple):
    """A wrong value at `path`, or with `of_key` a wrong key. `named` is whether the message names the key itself."""

    path: KeyPath
    message: str
    of_key: bool
    hint: str | None = None
    code: str = "TBX010"
    fix: str | None = None
    """The right name of a misspelt key."""
    named: bool = False

    def problem(self, label: str, location: Location | None, fix: Fix | None = None) -> Problem:
        """Return the mistake as a problem. `label` names the value in the message."""
        message = self.message if self.named else f"{label}: {self.message}"
        return Problem(printable(message), self.hint and printable(self.hint), location, code=self.code, fix=fix)


class Report:
    """Collects the mistakes in a document.

    `places` gives the dotted form of keys by their name, for suggestions across tables, and `elsewhere` the place of keys that
    belong in another file. `meant` holds the keys that were suggested for unknown ones: they are not reported as missing too.
    """

    def __init__(self, places: Mapping[str, str] | None = None, elsewhere: Mapping[str, str] | None = None) -> None:
        self.mistakes: list[Mistake] = []
        self.places = places or {}
        self.elsewhere = elsewhere or {}
        self.meant: set[KeyPath] = set()

    def value(self, path: KeyPath, message: str, hint: str | None = None, code: str = "TBX010") -> None:
        """Report that the value at `path` is wrong or missing."""
        self.mistakes.append(Mistake(path, message, of_key=False, hint=hint, code=code))

    def key(self, path: KeyPath, message: str, hint: str | None = None, code: str = "TBX010") -> None:
        """Report that the key at `path` is wrong."""
        self.mistakes.append(Mistake(path, message, of_key=True, hint=hint, code=code))

    def unknown(self, path: KeyPath, known: Iterable[str], what: str = "key", taken: Collection[str] = ()) -> None:
        """Report that the key at `path` does not exist. `known` are the keys that exist there, `taken` those that are written."""
        name, known, code = str(path[-1]), tuple(known), "TBX012"
        meant, other = close_match(name, known), close_match(name, self.elsewhere)
        if meant is not None:
            self.meant.add((*path[:-1], meant))
            hint = f'did you mean "{meant}"?'
        elif (here := close_match(name, self.places)) is not None and not (other and is_same_word(other, name)):
            hint = f'did you mean "{self.places[here]}"?'
        elif other is not None:
            hint, code = f'"{other}" belongs {self.elsewhere[other]}', "TBX013"
        else:
            hint = f"allowed: {', '.join(known)}"
        self.mistakes.append(
            Mistake(path, f'unknown {what} "{name}"', True, hint, code, None if meant in taken else meant, named=True)
        )

    def problems(self, document: Document) -> list[Problem]:
        """Return the mistakes as problems of `document`, in the order of the file."""
        return in_order(
            mistake.problem(
                dotted(mistake.path),
                document.location(mistake.path, key=mistake.of_key),
                Fix("rename", document.name, mistake.path, mistake.fix) if mistake.fix else None,
            )
            for mistake in self.mistakes
        )


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems of one file in the order of their places, those without a place first."""
    return sorted(problems, key=lambda problem: (problem.location.line, problem.location.column) if problem.location else (0, 0))


class Kind(ABC):
    """A kind of value. `name` is its name in the documentation."""

    name = ""

    @abstractmethod
    def read(self, value: Any, at: KeyPath, report: Report) -> Any:
        """Return the checked value. Mistakes are added to `report`; then the result has no meaning."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft 7) of the kind, an empty one for kinds that no file with a schema has."""
        return {}

    def from_text(self, text: str) -> Any:
        """Return the value for `read` from the text of a variable or a setting. Text that does not fit stays text."""
        return text


def type_name(value: Any) -> str:
    """Return what TOML calls the type of a value, with an article."""
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "an array", dict: "a table"}
    return next((name for type_, name in names.items() if isinstance(value, type_)), "a date or time")


class Text(Kind):
    """A string that is not empty. `check` returns what is wrong with it.

    In JSON Schema, it has the `rules`, and is none of the definitions whose names are `refused`.
    """

    name = "string"

    def __init__(self, check: Check = lambda _: None, rules: Rules | None = None, refused: tuple[str, ...] = ()) -> None:
        self.check = check
        self.rules = rules or {}
        self.refused = refused or ("only-spaces",)

    def read(self, value: Any, at: KeyPath, report: Report) -> str:
        if not isinstance(value, str):
            report.value(at, f"must be a string, not {type_name(value)}")
        elif not value.strip():
            report.value(at, "must not be empty")
        elif message := self.check(value):
            report.value(at, *_with_hint(message, value))
        else:
            return value
        return ""

    def schema(self) -> dict[str, Any]:
        refused = [{"not": {"$ref": f"#/definitions/{name}"}} for name in self.refused]
        return {"type": "string", "minLength": 1, **self.rules, "allOf": refused}


class Texts(Kind):
    """An array of at least `least` strings."""

    name = "array of strings"

    def __init__(self, item: Text | None = None, least: int = 0) -> None:
        self.item = item or Text()
        self.least = least

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
        return [part for part in text.split(os.pathsep) if part]


class TextTable(Kind):
    """A table of strings."""

    name = "table of strings"

    def read(self, value: Any, at: KeyPath, report: Report) -> dict[str, str]:
        if not isinstance(value, dict):
            report.value(at, f"must be a table of strings, not {type_name(value)}")
            return {}
        return {name: Text().read(item, (*at, name), report) for name, item in value.items()}

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "string"}}


class Flag(Kind):
    """true or false."""

    name = "boolean"

    def read(self, value: Any, at: KeyPath, report: Report) -> bool:
        if not isinstance(value, bool):
            report.value(at, f"must be true or false, not {_shown(value)}")
        return value is True

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def from_text(self, text: str) -> bool | str:
        words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
        return words.get(text.strip().lower(), text)


class Choice(Kind):
    """One of a few words."""

    name = "string"

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.words)}

    def read(self, value: Any, at: KeyPath, report: Report) -> str:
        if value in self.words:
            return str(value)
        allowed = " or ".join(f'"{word}"' for word in self.words)
        report.value(at, f"must be {allowed}, not {_shown(value)}", did_you_mean(value, self.words))
        return ""


class Number(Kind):
    """A finite number greater than 0."""

    name = "number"

    def __init__(self, unit: str) -> None:
        self.unit = unit

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


class Size(Kind):
    """A number of bytes, as an integer or with a unit: `"500 MB"`, `"1 GiB"`."""

    name = "integer or string"

    def read(self, value: Any, at: KeyPath, report: Report) -> int:
        size = value if type(value) is int else self._bytes(value) if isinstance(value, str) else 0
        if size <= 0:
            report.value(at, f'must be a number of bytes, or a size such as "500 MB" or "1 GiB", not {_shown(value)}')
        return size

    def schema(self) -> dict[str, Any]:
        refused = {"$ref": "#/definitions/anything-but-a-size-such-as-500-MB"}
        return {"type": ["integer", "string"], "exclusiveMinimum": 0, "not": refused}

    @staticmethod
    def _bytes(text: str) -> int:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt]?)(i?)b)?\s*", text, re.IGNORECASE | re.ASCII)
        if not match:
            return 0
        number, prefix, binary = match.groups(default="")
        return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(prefix.lower() or " "))


def _with_hint(message: str, value: str) -> tuple[str, str | None]:
    """Return the two parts of what a check returned about `value`: what is wrong, and after a semicolon what to do."""
    quoted = f'"{value}"' if message.startswith(f'"{value}"') else ""
    wrong, _, hint = message.removeprefix(quoted).partition("; ")
    return quoted + wrong, hint or None


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return f'"{value}"' if isinstance(value, str) else type_name(value)
