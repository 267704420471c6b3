"""The globs of `[build] include` and `exclude`; `docs/reference/globs.md` is their description.

They are matched segment by segment while folders are walked, so that a folder no glob can reach is known before it is opened.
"""

from __future__ import annotations

import re
from operator import methodcaller
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.selection.patterns.wildmatch import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hatch_tilebox.core.model import Pattern

__all__ = ["GlobSet", "GlobState", "escape", "normalize"]

_ANY_DEPTH = "**"
_SPECIAL = frozenset("*?[]{}\\")
_MAX_ALTERNATIVES = 1000


def normalize(text: str) -> str:
    """`text` in the Unicode form in which globs and paths are compared: `é` is one character, however a file system stores it."""
    if text.isascii():
        return text
    import unicodedata

    return unicodedata.normalize("NFC", text)


def escape(path: str) -> str:
    """A glob that matches `path` alone."""
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in path)


class _Segment(NamedTuple):
    """What one part of a path must be: `literal`, or with None any text for which `matches` gives something true."""

    literal: str | None
    matches: Callable[[str], object]


class GlobSet:
    """Globs of one list of the configuration; `patterns[i]` is what the number `i` stands for wherever one is returned.

    Raises SelectionError, with a problem for each glob that is malformed, absolute, or leaves the root.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self._globs: list[tuple[int, tuple[_Segment | None, ...]]] = []
        self._states: dict[frozenset[tuple[int, int]], GlobState] = {}
        problems = [problem for index, pattern in enumerate(patterns) if (problem := self._add(index, pattern)) is not None]
        if problems:
            raise SelectionError(*problems)
        self.start = self._state({(glob, 0) for glob in range(len(self._globs))})

    def _add(self, index: int, pattern: Pattern) -> Problem | None:
        try:
            self._globs += [(index, segments) for segments in _parse(pattern.text)]
        except ValueError as error:
            return Problem(f'"{pattern.text}" {error}', location=pattern.location)
        return None

    def enter(self, state: GlobState, name: str) -> GlobState:
        """The state in the folder `name` of the folder that `state` stands for."""
        if state.total:
            return state
        reached = set()
        for glob, at in state.places:
            segment = self._globs[glob][1][at]
            if segment is None:
                reached.add((glob, at))
            elif at + 1 < len(self._globs[glob][1]) and segment.matches(name):
                reached.add((glob, at + 1))
        return self._state(reached)

    def approached(self, before: GlobState, after: GlobState) -> tuple[int, ...]:
        """The globs that the name of a folder brought nearer to a match; not those that only go on with a `**`."""
        if before is after:
            return ()
        return tuple(sorted({self._globs[glob][0] for glob, _ in after.places - before.places}))

    def _state(self, places: set[tuple[int, int]]) -> GlobState:
        closed = set(places)
        for glob, at in places:
            segments = self._globs[glob][1]
            if segments[at] is None and at + 1 < len(segments):
                closed.add((glob, at + 1))  # `**` may also stand for no folder at all
        key = frozenset(closed)
        if key not in self._states:
            self._states[key] = GlobState(key, self._last_segments(key))
        return self._states[key]

    def _last_segments(self, places: frozenset[tuple[int, int]]) -> Iterator[tuple[int, _Segment | None]]:
        for glob, at in sorted(places):
            index, segments = self._globs[glob]
            if at + 1 == len(segments):
                yield index, segments[at]


class GlobState:
    """What is left to match for the entries of one folder.

    `places` are the glob and segment to match next; none left means that nothing under the folder can match. `folders_named` are
    the globs that name this folder itself, with a slash at their end, `everything` those that match all that is under it. `total`
    says that no others are left.
    """

    def __init__(self, places: frozenset[tuple[int, int]], last: Iterator[tuple[int, _Segment | None]]) -> None:
        self.places = places
        self.everything: tuple[int, ...] = ()
        self._literals: dict[str, tuple[int, ...]] = {}
        self._wild: list[tuple[int, Callable[[str], object]]] = []
        count = 0
        for index, segment in last:
            count += 1
            if segment is None:
                self.everything = (*self.everything, index)
            elif segment.literal is None:
                self._wild.append((index, segment.matches))
            else:
                self._literals[segment.literal] = (*self._literals.get(segment.literal, ()), index)
        self.folders_named = self._literals.pop("", ())
        # A folder may hold thousands of entries: what most of them are asked takes one look-up or one search.
        self._plain = not self._wild and not self._literals
        lone = len(self._wild) == 1 and not self._literals and not self.everything
        self._only = ((self._wild[0][0],), self._wild[0][1]) if lone else None
        self.total = bool(self.everything) and count == len(places) == len(self.everything)

    def match(self, name: str) -> tuple[int, ...]:
        """The globs that match the entry `name` of the folder, which is normalized."""
        if self._plain:
            return self.everything
        if self._only is not None:
            only, matches = self._only
            return only if matches(name) else ()
        matched = [*self.everything, *self._literals.get(name, ())]
        matched += [index for index, matches in self._wild if matches(name)]
        return tuple(dict.fromkeys(matched))

    def candidates(self, names: Sequence[str]) -> Sequence[str]:
        """Those of `names`, which are normalized, that a glob matches."""
        if self.everything:
            return names
        found = [name for name in names if name in self._literals] if self._literals else []
        for _, matches in self._wild:
            found += [name for name in names if matches(name)]
        return found


def _parse(text: str) -> Iterator[tuple[_Segment | None, ...]]:
    """The alternatives of a glob as segments, None for `**`. A slash at the end gives an empty last one, which no name is.

    Raises ValueError with the end of a sentence that begins with the glob.
    """
    for glob in _expand(normalize(text)):
        if not glob:
            msg = "is empty; name files, as in `my_workflow/**`"
            raise ValueError(msg)
        if glob.startswith("/") or re.match(r"[A-Za-z]:[/\\]", glob):
            msg = "is absolute; a pattern is relative to the root of the workflow"
            raise ValueError(msg)
        parts = [part for part in glob.split("/") if part != "."]
        if ".." in parts:
            msg = "leaves the root of the workflow; `..` is not allowed"
            raise ValueError(msg)
        parts = [part for i, part in enumerate(parts) if part or i == len(parts) - 1]
        parts = [part for i, part in enumerate(parts) if part != _ANY_DEPTH or parts[i - 1 : i] != [_ANY_DEPTH]]
        yield tuple(None if part == _ANY_DEPTH else _segment(part) for part in parts or [""])


def _segment(part: str) -> _Segment:
    if not _SPECIAL.intersection(part):
        return _Segment(part, part.__eq__)
    if part[0] == "*" and not _SPECIAL.intersection(part[1:]):
        return _Segment(None, methodcaller("endswith", part[1:]))
    regex = translate(part)
    if regex is None:
        msg = r"is malformed: a `[` is not closed, or a `\` stands at the end; write `\[` for the character itself"
        raise ValueError(msg)
    literal = re.sub(r"\\(.)", r"\1", part) if not re.search(r"(?<!\\)(?:\\\\)*[*?\[]", part) else None
    return _Segment(literal, re.compile(regex, re.DOTALL).fullmatch)


def _expand(glob: str) -> list[str]:
    """Every choice of the braces: `{a,b{c,d}}/x` gives `a/x`, `bc/x` and `bd/x`."""
    results, end = _alternatives(glob, 0, nested=False)
    if end < len(glob):
        msg = "is malformed: a `}` closes nothing; write `\\}` for the character itself"
        raise ValueError(msg)
    return results


def _alternatives(glob: str, at: int, *, nested: bool) -> tuple[list[str], int]:
    """What the text from `at` can be, up to its end or, within braces, up to the brace that closes them."""
    finished: list[str] = []
    current = [""]
    while at < len(glob) and glob[at] != "}":
        char, width = glob[at], 1
        if char == "\\":
            char, width = glob[at : at + 2], 2
        elif char == "[":
            width = _bracket_width(glob, at)
            char = glob[at : at + width]
        if char == "{":
            choices, close = _alternatives(glob, at + 1, nested=True)
            current = [head + tail for head in current for tail in choices]
            width = close + 1 - at
        elif char == "," and nested:
            finished, current = finished + current, [""]
        else:
            current = [head + char for head in current]
        if len(finished) + len(current) > _MAX_ALTERNATIVES:
            msg = f"has more than {_MAX_ALTERNATIVES} alternatives"
            raise ValueError(msg)
        at += width
    if nested and at >= len(glob):
        msg = "is malformed: a `{` is not closed; write `\\{` for the character itself"
        raise ValueError(msg)
    return finished + current, at


def _bracket_width(glob: str, at: int) -> int:
    """How long the bracket expression at `at` is: what stands in it is no brace; 1 where it is not closed."""
    match = re.compile(r"\[[!^]?\]?(?:\\.|\[:[a-z]*:\]|[^\]\\])*\]", re.DOTALL).match(glob, at)
    return match.end() - at if match else 1
