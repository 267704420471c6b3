"""The globs of `[build] include` and `exclude`; `docs/reference/globs.md` describes them.

pathspec matches paths. `GlobSet.enter` follows the globs part by part while folders are walked, so that folders which no glob can
reach are never opened.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, cached_property
from typing import TYPE_CHECKING

from pathspec import PathSpec, RegexPattern
from pathspec.util import register_pattern

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.selection.patterns.wildmatch import NameFilter, bracket, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any, TypeAlias

    from hatch_tilebox.core.model import Pattern

    GlobState: TypeAlias = frozenset[tuple[int, int]]

MAX_ALTERNATIVES = 1000
SPECIAL = frozenset("*?[]{}\\")
"""The characters that are not themselves in a glob."""
_PATTERN = "hatch-tilebox-glob"
_ANY_DEPTH = "**"


def normalize(text: str) -> str:
    """Return `text` in the Unicode form in which globs and paths are compared: `é` is one character on every file system."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def escape(path: str) -> str:
    """Return a glob that matches `path` alone."""
    return "".join(f"\\{char}" if char in SPECIAL else char for char in path)


def exclude_line(glob: str) -> str:
    """Return the line that excludes what `glob` matches, and its place. JSON escapes the same characters as TOML."""
    return f"exclude = [{json.dumps(glob, ensure_ascii=False)}] under [build] in {CONFIG_NAME}"


class GlobPattern(RegexPattern):
    """One glob. It matches paths from the root, which are normalized; a path that ends with a slash is a folder."""

    @classmethod
    def pattern_to_regex(cls, pattern: str) -> tuple[str, bool]:  # type: ignore[override] # globs are text here
        """Return the regular expression, and that it includes. Raises ValueError for a malformed glob."""
        return rf"(?s)\A(?:{'|'.join(map(_regex, _parse(pattern)))})\Z", True


register_pattern(_PATTERN, GlobPattern, override=True)


class GlobSet:
    """The globs of one list of the configuration. Each is known by its index in `patterns`.

    Raises SelectionError, with a problem for each glob that is malformed, absolute, or leaves the root.
    """

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self._globs: list[tuple[int, tuple[str, ...]]] = []
        problems = []
        for index, pattern in enumerate(patterns):
            try:
                self._globs += [(index, parts) for parts in _parse(pattern.text)]
            except ValueError as error:  # noqa: PERF203 -- few patterns
                fault, _, hint = str(error).partition("; ")
                problems.append(Problem(f'"{pattern.text}" {fault}', hint or None, pattern.location, code="TBX103"))
        if problems:
            raise SelectionError(*problems)
        # One expression for all: tens of thousands of files are asked for.
        self._any = re.compile("|".join(_regex(parts) for _, parts in self._globs) or "(?!)", re.DOTALL).fullmatch
        self._names = NameFilter(parts[-1] for _, parts in self._globs if parts[-1] != _ANY_DEPTH)
        literals = [_literal("/".join(parts)) for _, parts in self._globs]
        self._exact = {glob: literal for glob, literal in enumerate(literals) if literal is not None}
        self.start = self._state({(glob, 0) for glob in range(len(self._globs))})
        """The state at the root: which part of which glob has to match next."""

    @cached_property
    def _spec(self) -> PathSpec[Any]:
        return PathSpec.from_lines(_PATTERN, [pattern.text for pattern in self.patterns], backend="simple")

    def match(self, path: str) -> bool:
        """Whether any glob matches `path`."""
        return self._any(path if path.isascii() else normalize(path)) is not None

    def matches(self, path: str) -> list[int]:
        """Return all globs that match `path`. The first one decides."""
        text = normalize(path)
        return [index for index, pattern in enumerate(self._spec.patterns) if pattern.match_file(text)]

    def candidates(self, names: list[str]) -> list[str]:
        """Return those of `names`, entries of one folder, that a glob may match, unless one is `covering` the folder."""
        return self._names.among(names)

    def enter(self, state: GlobState, name: str) -> GlobState:
        """Return the state in the folder `name` of the folder with `state`. An empty one means that no glob can match below."""
        reached, name = set(), normalize(name)
        for glob, at in state:
            parts = self._globs[glob][1]
            if parts[at] == _ANY_DEPTH:
                reached.add((glob, at))
            elif at + 1 < len(parts) and _matcher(parts[at])(name):
                reached.add((glob, at + 1))
        return self._state(reached)

    def exact(self, state: GlobState) -> GlobState:
        """Return what is left of `state` for the globs without wildcards."""
        return frozenset((glob, at) for glob, at in state if glob in self._exact)

    def naming(self, path: str) -> list[int]:
        """Return the globs without wildcards that match `path`."""
        return [self._globs[glob][0] for glob, literal in self._exact.items() if literal == normalize(path)]

    def covering(self, state: GlobState) -> set[int]:
        """Return the globs that match everything below a folder with `state`."""
        return {self._globs[glob][0] for glob, at in state if self._globs[glob][1][at:] == (_ANY_DEPTH,)}

    def reaching(self, state: GlobState) -> set[int]:
        """Return the globs that may match something below a folder with `state`."""
        return {self._globs[glob][0] for glob, _ in state}

    def _state(self, places: set[tuple[int, int]]) -> GlobState:
        """Add to each `**` the part after it, since a `**` also matches no folder at all."""
        return frozenset(places).union(
            (glob, at + 1) for glob, at in places if self._globs[glob][1][at] == _ANY_DEPTH and at + 1 < len(self._globs[glob][1])
        )


def _parse(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the parts of each alternative of a glob. A slash at the end gives an empty last one, which no name matches.

    Raises ValueError with the end of a sentence that begins with the glob.
    """
    for glob in _expand_braces(normalize(text)):
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
        yield tuple(map(_checked, parts or [""]))


def _checked(part: str) -> str:
    """Return a part that is not malformed, with `*` for three stars and more: only two have a meaning of their own."""
    if translate(part) is None:
        msg = r"is malformed: a `[` is not closed, or a `\` ends the pattern; write `\[` for the character itself"
        raise ValueError(msg)
    return part if part == _ANY_DEPTH or part.strip("*") else part[:1]


def _literal(glob: str) -> str | None:
    """Return the only path that `glob` matches, None if it has wildcards."""
    if re.search(r"[*?\[]", re.sub(r"\\.", "", glob, flags=re.DOTALL)):
        return None
    return re.sub(r"\\(.)", r"\1", glob, flags=re.DOTALL)


def _regex(parts: tuple[str, ...]) -> str:
    # Without the lookbehind `pkg/*` would match `pkg/`, the folder itself.
    return f"{translate('/'.join(parts))}{'(?<!/)' if parts[-1] else ''}"


@cache
def _matcher(part: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(f"{translate(part)}", re.DOTALL).fullmatch


def _expand_braces(glob: str) -> list[str]:
    """Return every choice of the braces: `{a,b{c,d}}/x` gives `a/x`, `bc/x` and `bd/x`."""
    results, end = _alternatives(glob, 0, nested=False)
    if end < len(glob):
        msg = "is malformed: a `}` closes nothing; write `\\}` for the character itself"
        raise ValueError(msg)
    return results


def _alternatives(glob: str, at: int, *, nested: bool) -> tuple[list[str], int]:
    """Return the alternatives of the text from `at` to its end or, within braces, to the closing brace, and where that is."""
    finished: list[str] = []
    current = [""]
    while at < len(glob) and glob[at] != "}":
        char, end = glob[at], at + 1
        if char == "\\":
            end = at + 2
        elif char == "[" and (found := bracket(glob, at)):  # braces have no meaning in it
            end = found[1]
        if char == "{":
            choices, close = _alternatives(glob, at + 1, nested=True)
            current, end = [head + tail for head in current for tail in choices], close + 1
        elif char == "," and nested:
            finished, current = finished + current, [""]
        else:
            current = [head + glob[at:end] for head in current]
        if len(finished) + len(current) > MAX_ALTERNATIVES:
            msg = f"has more than {MAX_ALTERNATIVES} alternatives"
            raise ValueError(msg)
        at = end
    if nested and at >= len(glob):
        msg = "is malformed: a `{` is not closed; write `\\{` for the character itself"
        raise ValueError(msg)
    return finished + current, at
