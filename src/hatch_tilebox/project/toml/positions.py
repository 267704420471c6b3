"""Where the keys and values of a TOML document stand, which no parser for Python tells.

The scanner knows the shape of TOML, not its meaning: it reads text that a parser has accepted, and where it cannot go on it stops
with the positions found so far. Source of the grammar: https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

KeyPath = tuple["str | int", ...]  # ("build", "include", 1) is the second pattern of `include` in `[build]`

__all__ = ["KeyPath", "Positions", "Span"]

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
    """A stretch of the text, as offsets of characters from 0; `end` is the first one after it."""

    start: int
    end: int


class Positions:
    """The places of all keys and values in `text`, by their path from the top of the document.

    `keys` holds the key alone; `values` the value as it is written, or of a table its `[header]`, or of one without a header what
    first names it. `repeated` are the paths of keys that are defined a second time, with the place of the second. `unfinished` is
    the offset of a value that the text ends in, or breaks off.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.keys: dict[KeyPath, Span] = {}
        self.values: dict[KeyPath, Span] = {}
        self.repeated: dict[KeyPath, Span] = {}
        self.unfinished: int | None = None
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        _Scanner(self).scan()

    def line_and_column(self, offset: int) -> tuple[int, int]:
        """Both counted from 1; a column is a character."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def value(self, path: Sequence[str | int]) -> Span | None:
        """Where the value at `path` stands, or else the nearest table or array around it; None for the whole file."""
        return _nearest(self.values, path)

    def key(self, path: Sequence[str | int]) -> Span | None:
        """Where the key at `path` stands, or else, as `value` does, what is around it."""
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
        self._headers: set[KeyPath] = set()
        self._written: set[KeyPath] = set()  # values after `=`, which nothing may add to
        self._dotted: set[KeyPath] = set()  # tables that dotted keys make, which no header may open

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
            self._add(path, key, span, repeated=path in self._written)
            path = self._inside(path)
        part, key = parts[-1]
        path = (*path, part)
        closed = path in self._written or path in self._dotted or path in self._headers
        if close == "]":
            closed = closed or path in self._elements
        else:
            self._add(path, key, span, repeated=closed)
            self._elements[path] = self._elements.get(path, -1) + 1
            path, closed = self._inside(path), False
        self._add(path, key, span, repeated=closed, replace=True)
        self._headers.add(path)
        self._table = path
        return True

    def _add(self, path: KeyPath, key: Span, value: Span, *, repeated: bool, replace: bool = False) -> None:
        """A key and what it names; the first place stays unless a later one may `replace` it."""
        if repeated:
            self._found.repeated.setdefault(path, key)
        elif replace or path not in self._found.values:
            self._found.keys[path] = key
            self._found.values[path] = value

    def _inside(self, path: KeyPath) -> KeyPath:
        """The path of the table that further keys go into: the last one, if `path` is an array of tables."""
        return (*path, self._elements[path]) if path in self._elements else path

    def _key(self) -> list[tuple[str, Span]]:
        """The parts of a dotted key and where each stands; none if there is no key here."""
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
        repeated = path in self._found.values
        understood = self._value(path)
        self._add(path, parts[-1][1], Span(start, self._at), repeated=repeated, replace=True)
        for end, (_, key) in enumerate(parts[:-1], start=len(table) + 1):
            repeated = path[:end] in self._written or path[:end] in self._headers
            self._add(path[:end], key, Span(key.start, self._at), repeated=repeated)
            self._dotted.add(path[:end])
        self._written.add(path)
        return understood

    def _value(self, path: KeyPath) -> bool:
        start = self._at
        if len(path) > _DEEPEST:
            understood = False
        elif self._take("["):
            understood = self._array(path)
        elif self._take("{"):
            understood = self._inline_table(path)
        else:
            match = _STRING.match(self._text, start) or _OTHER.match(self._text, start)
            understood = match is not None
            self._at = match.end() if match else start
        if not understood and start < len(self._text):
            self._found.unfinished = start
        return understood

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
    """What a part of a key stands for."""
    if key[0] not in "\"'":
        return key
    if key[0] == "'" or "\\" not in key:
        return key[1:-1]
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return str(tomlkit.parse(f"key = {key}")["key"])
    except TOMLKitError:
        return key[1:-1]
