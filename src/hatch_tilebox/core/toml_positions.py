"""The places of keys and values in a TOML document, which no TOML parser for Python reports.

The scanner reads text that a parser has accepted. It stops where it cannot go on, and keeps the positions found so far.
Source of the grammar: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KeyPath = tuple["str | int", ...]  # ("build", "include", 1) is the second pattern of `include` in `[build]`

_TRIVIA = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_SCALAR = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|"(?:\\.|[^"\\\n])*"|\'\'\'.*?'{3,5}|'[^'\n]*\''''
    r"|\d{4}-\d\d-\d\d [0-9][^ \t\r\n,\]}#]*|[^ \t\r\n,\[\]{}#\"']+",
    re.DOTALL,
)
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
        with suppress(_LostError):
            _Scanner(self).scan()

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both counted from 1; a column is a character."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def value(self, path: Sequence[str | int]) -> Span | None:
        """Return the place of the value at `path`, else of the nearest table or array around it; None for the whole file."""
        return next((span for end in range(len(path), 0, -1) if (span := self.values.get(tuple(path[:end])))), None)

    def key(self, path: Sequence[str | int]) -> Span | None:
        """Return the place of the key at `path`, else, as `value` does, of what is around it."""
        return self.keys.get(tuple(path)) or self.value(path)


class _LostError(Exception):
    """The scanner does not understand the text from here on."""


class _Scanner:
    def __init__(self, found: Positions) -> None:
        self._text = found.text
        self._found = found
        self._at = 0
        self._table: KeyPath = ()
        self._elements: dict[KeyPath, int] = {}  # the array of tables at a path, and the index of its last table

    def scan(self) -> None:
        self._match(_TRIVIA)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                self._header()
            else:
                self._pair(self._table)
            self._match(_TRIVIA)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Read what the pattern matches here."""
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _LostError
        self._at = match.end()
        return match

    def _take(self, token: str) -> bool:
        """Read `token` if it is here."""
        found = self._text.startswith(token, self._at)
        self._at += len(token) * found
        return found

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise _LostError

    def _header(self) -> None:
        start = self._at
        is_array = self._take("[[")
        if not is_array:
            self._expect("[")
        parts = self._key()
        self._expect("]]" if is_array else "]")
        span = Span(start, self._at)
        path: KeyPath = ()
        for part, key in parts:
            path = (*self._inside(path), part)
            self._add(path, key, span)
        if is_array:
            self._elements[path] = self._elements.get(path, -1) + 1
        self._table = self._inside(path) if is_array else path
        self._add(self._table, parts[-1][1], span, replace=True)

    def _add(self, path: KeyPath, key: Span, value: Span, *, replace: bool = False) -> None:
        """Keep the places of a key and its value; the first place stays unless a later one may `replace` it."""
        if replace or path not in self._found.values:
            self._found.keys[path] = key
            self._found.values[path] = value

    def _inside(self, path: KeyPath) -> KeyPath:
        """Return the path of the table that further keys belong to: the last one if `path` is an array of tables."""
        return (*path, self._elements[path]) if path in self._elements else path

    def _key(self) -> list[tuple[str, Span]]:
        """Read the parts of a dotted key and their places."""
        parts: list[tuple[str, Span]] = []
        while not parts or self._take("."):
            self._match(_SPACE)
            part = self._match(_KEY_PART)
            parts.append((_plain(part.group()), Span(*part.span())))
            self._match(_SPACE)
        return parts

    def _pair(self, table: KeyPath) -> None:
        parts = self._key()
        self._expect("=")
        self._match(_SPACE)
        path = (*table, *(part for part, _ in parts))
        start = self._at
        self._value(path)
        self._add(path, parts[-1][1], Span(start, self._at), replace=True)
        for end, (_, key) in enumerate(parts[:-1], start=len(table) + 1):
            self._add(path[:end], key, Span(key.start, self._at))

    def _value(self, path: KeyPath) -> None:
        if len(path) > _DEEPEST:
            raise _LostError
        if self._take("["):
            for index, start in enumerate(self._items("]")):
                self._value((*path, index))
                self._found.values.setdefault((*path, index), Span(start, self._at))
        elif self._take("{"):
            for _ in self._items("}"):
                self._pair(path)
        else:
            self._match(_SCALAR)

    def _items(self, close: str) -> Iterator[int]:
        """Yield the start of each item of an array or an inline table, which the caller reads, and read what is between them."""
        self._match(_TRIVIA)
        while not self._take(close):
            yield self._at
            self._match(_TRIVIA)
            if not self._take(","):
                self._expect(close)
                return
            self._match(_TRIVIA)


def _plain(key: str) -> str:
    """Return the name that a part of a key spells."""
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
