"""The places of keys and values in a TOML document, which no TOML parser for Python reports.

The scanner reads text that a parser has accepted. It stops where it cannot go on, and keeps the positions found so far.
Source of the grammar: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Sequence

KeyPath = tuple["str | int", ...]  # ("build", "include", 1) is the second pattern of `include` in `[build]`

_TRIVIA = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_STRING = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|"(?:\\.|[^"\\\n])*"|\'\'\'.*?'{3,5}|'[^'\n]*\'''',
    re.DOTALL,
)
_OTHER = re.compile(r"\d{4}-\d\d-\d\d [0-9][^ \t\r\n,\]}#]*|[^ \t\r\n,\[\]{}#\"']+")
_DEEPEST = 200  # levels of nesting: parsers refuse fewer than Python's stack could take


class Span(NamedTuple):
    """A range of the text, as offsets of characters from 0; `end` is the first offset after it."""

    start: int
    end: int


class Positions:
    """The places of all keys and values in `text`, by their path from the top of the document.

    `keys` holds the places of keys. `values` holds the places of values: of a table with a header the `[header]`, of one without
    the first key that names it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.keys: dict[KeyPath, Span] = {}
        self.values: dict[KeyPath, Span] = {}
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        _Scanner(self).scan()

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both counted from 1; a column is a character."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def value(self, path: Sequence[str | int]) -> Span | None:
        """Return the place of the value at `path`, else of the nearest table or array around it; None for the whole file."""
        return _nearest(self.values, path)

    def key(self, path: Sequence[str | int]) -> Span | None:
        """Return the place of the key at `path`, else, as `value` does, of what is around it."""
        return self.keys.get(tuple(path)) or _nearest(self.values, path)


def _nearest(spans: dict[KeyPath, Span], path: Sequence[str | int]) -> Span | None:
    return next((span for end in range(len(path), 0, -1) if (span := spans.get(tuple(path[:end])))), None)


class _Scanner:
    def __init__(self, found: Positions) -> None:
        self._text = found.text
        self._found = found
        self._at = 0
        self._table: KeyPath = ()
        self._elements: dict[KeyPath, int] = {}  # the array of tables at a path, and the index of its last table

    def scan(self) -> None:
        self._skip(_TRIVIA)
        while self._at < len(self._text):
            understood = self._header() if self._text[self._at] == "[" else self._pair(self._table)
            if not understood:
                return
            self._skip(_TRIVIA)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if match := pattern.match(self._text, self._at):
            self._at = match.end()

    def _take(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _header(self) -> bool:
        start = self._at
        close = "]]" if self._take("[[") else "]"
        if close == "]":
            self._take("[")
        parts = self._key()
        if not parts or not self._take(close):
            return False
        span = Span(start, self._at)
        path: KeyPath = ()
        for part, key in parts[:-1]:
            path = (*path, part)
            self._add(path, key, span)
            path = self._inside(path)
        part, key = parts[-1]
        path = (*path, part)
        if close == "]]":
            self._add(path, key, span)
            self._elements[path] = self._elements.get(path, -1) + 1
            path = self._inside(path)
        self._add(path, key, span, replace=True)
        self._table = path
        return True

    def _add(self, path: KeyPath, key: Span, value: Span, *, replace: bool = False) -> None:
        """Keep the places of a key and its value; the first place stays unless a later one may `replace` it."""
        if replace or path not in self._found.values:
            self._found.keys[path] = key
            self._found.values[path] = value

    def _inside(self, path: KeyPath) -> KeyPath:
        """Return the path of the table that further keys belong to: the last one if `path` is an array of tables."""
        return (*path, self._elements[path]) if path in self._elements else path

    def _key(self) -> list[tuple[str, Span]]:
        """Read the parts of a dotted key and their places; none if there is no key here."""
        parts: list[tuple[str, Span]] = []
        while True:
            self._skip(_SPACE)
            match = _KEY_PART.match(self._text, self._at)
            if not match:
                return []
            parts.append((_plain(match.group()), Span(*match.span())))
            self._at = match.end()
            self._skip(_SPACE)
            if not self._take("."):
                return parts

    def _pair(self, table: KeyPath) -> bool:
        parts = self._key()
        if not parts or not self._take("="):
            return False
        self._skip(_SPACE)
        path = (*table, *(part for part, _ in parts))
        start = self._at
        understood = self._value(path)
        self._add(path, parts[-1][1], Span(start, self._at), replace=True)
        for end, (_, key) in enumerate(parts[:-1], start=len(table) + 1):
            self._add(path[:end], key, Span(key.start, self._at))
        return understood

    def _value(self, path: KeyPath) -> bool:
        if len(path) > _DEEPEST:
            return False
        if self._take("["):
            return self._array(path)
        if self._take("{"):
            return self._inline_table(path)
        match = _STRING.match(self._text, self._at) or _OTHER.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match is not None

    def _array(self, path: KeyPath) -> bool:
        index = 0
        self._skip(_TRIVIA)
        while not self._take("]"):
            start = self._at
            if not self._value((*path, index)):
                return False
            self._found.values.setdefault((*path, index), Span(start, self._at))
            index += 1
            self._skip(_TRIVIA)
            if not self._take(",") and not self._text.startswith("]", self._at):
                return False
            self._skip(_TRIVIA)
        return True

    def _inline_table(self, path: KeyPath) -> bool:
        self._skip(_TRIVIA)
        while not self._take("}"):
            if not self._pair(path):
                return False
            self._skip(_TRIVIA)
            if not self._take(",") and not self._text.startswith("}", self._at):
                return False
            self._skip(_TRIVIA)
        return True


def _plain(key: str) -> str:
    """Return the name that a part of a key spells."""
    if key[0] not in "\"'":
        return key
    if key[0] == "'" or "\\" not in key:
        return key[1:-1]
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return key[1:-1]
