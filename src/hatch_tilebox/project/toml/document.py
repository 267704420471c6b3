"""A TOML file as plain values and the place of each, or an error that says where the file is no TOML."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.project.toml.positions import Positions

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tomlkit.exceptions import ParseError

    from hatch_tilebox.project.toml.kinds import Finding

__all__ = ["Document", "dotted", "in_order", "read_toml"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_CURLY_QUOTES = "\u201c\u201d\u2018\u2019\u00ab\u00bb"


class Document:
    """A TOML document: `values` as Python has them; `name` is what messages call the file."""

    def __init__(self, name: str, values: dict[str, Any], positions: Positions) -> None:
        self.name = name
        self.values = values
        self._positions = positions

    def location(self, path: Sequence[str | int], *, key: bool = False) -> Location:
        """Where the value (or with `key` the key) at `path` stands; of something not written down, what it would be part of."""
        span = self._positions.key(path) if key else self._positions.value(path)
        return Location(self.name, *self._positions.line_and_column(span.start)) if span else Location(self.name)

    def problems(self, findings: Iterable[Finding]) -> list[Problem]:
        """What is wrong, in the order of the file."""
        return in_order(
            Problem(
                printable(f"{dotted(finding.path)}: {finding.message}"), location=self.location(finding.path, key=finding.of_key)
            )
            for finding in findings
        )


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems of one file in the order of their places, those without a place first."""
    return sorted(problems, key=lambda problem: (problem.location.line, problem.location.column) if problem.location else (0, 0))


def dotted(path: Sequence[str | int]) -> str:
    """A path for people: `targets."eu west".clusters[1]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if _BARE_KEY.fullmatch(part) else f'."{part}"'
    return text.removeprefix(".")


def read_toml(path: Path, name: str, *, allow_mark: bool = False) -> Document:
    """The document in the file `path`, which messages call `name`. `allow_mark`: it may begin with a byte order mark.

    Raises ConfigError where the file cannot be read, is not UTF-8, or is not TOML.
    """
    try:
        # With plain line feeds every version of the parser counts its lines alike.
        text = read_text(path, allow_mark=allow_mark).replace("\r\n", "\n")
    except FileNotFoundError as error:
        raise ConfigError(Problem("no such file", location=Location(name))) from error
    except UnreadableTextError as error:
        raise ConfigError(Problem(error.reason, error.hint, Location(name, error.line, error.column))) from error
    try:
        return Document(name, tomllib.loads(text), Positions(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_problem(name, Positions(text), error)) from error
    except RecursionError as error:
        raise ConfigError(Problem("not valid TOML: nested too deeply", location=Location(name))) from error


def _syntax_problem(name: str, positions: Positions, error: Exception) -> Problem:
    """What is wrong, in the words of a parser that tells where it stopped and why: tomlkit's."""
    import tomlkit
    from tomlkit import exceptions

    if positions.repeated:
        return _repetition(name, positions)
    try:
        tomlkit.parse(positions.text)
    except exceptions.ParseError as found:
        stop = _offset(positions.text, found)
        offset, message = _unclosed(positions, stop) or _explain(positions.text, stop, found)
        return Problem(f"not valid TOML: {printable(message)}", location=Location(name, *positions.line_and_column(offset)))
    except (exceptions.TOMLKitError, RecursionError) as found:
        error = found
    place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
    location = Location(name, int(place[1]), int(place[2])) if place else Location(name)
    return Problem(f"not valid TOML: {printable(_words(error))}", location=location)


def _repetition(name: str, positions: Positions) -> Problem:
    path, span = next(iter(positions.repeated.items()))
    first = positions.line_and_column(positions.keys[path].start)[0]
    message = f"{printable(dotted(path))} is defined twice, first in line {first}"
    return Problem(f"not valid TOML: {message}", location=Location(name, *positions.line_and_column(span.start)))


def _offset(text: str, error: ParseError) -> int:
    """Where the parser stopped. It counts columns from 0, and puts the end of the text at the beginning of the last line."""
    from tomlkit import exceptions

    lines = text.splitlines(keepends=True)
    is_there = isinstance(error, exceptions.InvalidControlChar) or lines[-1].startswith("=")
    if (error.line, error.col) == (len(lines), 0) and not is_there:
        return len(text)
    return sum(map(len, lines[: error.line - 1])) + error.col


def _unclosed(positions: Positions, offset: int) -> tuple[int, str] | None:
    """The beginning of a value that lacks its end, if that is why the parser stopped at `offset`: at a later header or key."""
    start, text = positions.unfinished, positions.text
    if start is None:
        return None
    line = text.rfind("\n", 0, offset) + 1
    if offset < len(text) and (line <= start or not re.match(r"\s*(\[|[\w.-]+\s*=)", text[line:])):
        return None
    kind = {"[": "array", "{": "inline table"}.get(text[start], "string")
    return start, f"the {kind} that begins here is not closed"


def _words(error: Exception) -> str:
    text = re.sub(r" at line \d+ col \d+$| \(at .*\)$", "", str(error)).rstrip(".")
    return text[:1].lower() + text[1:]


def _explain(text: str, offset: int, error: Exception) -> tuple[int, str]:
    """Where the parser stopped, or better, and what is wrong there."""
    from tomlkit import exceptions

    if isinstance(error, exceptions.InvalidControlChar) and text[offset : offset + 1] == "\n":
        return offset, "the closing quote is missing"
    if isinstance(error, exceptions.InvalidCharInStringError):
        escape = text[max(0, offset - 1) : offset + 1]
        return max(0, offset - 1), f"`{escape}` is no escape; write `/` between folders, or a backslash as `\\\\`"
    if isinstance(error, exceptions.UnexpectedCharError):
        return _explain_character(text, offset)
    if str(error).startswith("Invalid "):  # number, date, time
        value = _found(r"[^\s=,\[{]+$", text[:offset])
        return offset - len(value), f"{_words(error)} `{value}`"
    return offset, _words(error)


def _explain_character(text: str, offset: int) -> tuple[int, str]:
    word = offset - len(_found(r"[\w.:/-]*$", text[:offset]))
    before = text[:word].rstrip(" \t")
    char = text[offset : offset + 1]
    if before.endswith("=") or (before.rstrip().endswith(("[", ",")) and char not in "\n="):
        value = _found(r"^[^\s,\]}#]*", text[word:])
        return (word, _explain_value(value)) if value else (offset, "the value is missing")
    if char in {"", "\n"}:
        return offset, "the line ends too early; `]` or `=` is missing"
    if char == ":":
        return offset, "unexpected `:`; write `=` between key and value"
    if char in "\"'" and before.rstrip()[-1:] in {'"', "'"}:
        return offset, "a comma is missing before this value"
    return offset, f"unexpected `{char}`"


def _explain_value(value: str) -> str:
    if value[0] in _CURLY_QUOTES:
        return "these quotes are curly; write straight ones"
    if value.lower() in {"true", "false"}:
        return f"`{value}` is written `{value.lower()}`"
    return f"`{value}` must stand in quotes"


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match.group() if match else ""
