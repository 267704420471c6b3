"""The globs of `[build] include` and `exclude`; `docs/reference/globs.md` describes them.

pathspec matches paths and names the deciding glob. `GlobSet.enter` follows the globs part by part while folders are walked, so that
folders which no glob can reach are never opened.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from pathspec import PathSpec, RegexPattern
from pathspec.util import register_pattern

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.selection.patterns.braces import expand_braces
from hatch_tilebox.selection.patterns.names import NameFilter
from hatch_tilebox.selection.patterns.wildmatch import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from hatch_tilebox.core.model import Pattern

    GlobState: TypeAlias = frozenset[tuple[int, int]]

_PATTERN = "hatch-tilebox-glob"
_ANY_DEPTH = "**"
_SPECIAL = frozenset("*?[]{}\\")


def normalize(text: str) -> str:
    """Return `text` in the Unicode form in which globs and paths are compared: `é` is one character on every file system."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def escape(path: str) -> str:
    """Return a glob that matches `path` alone."""
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in path)


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
        problems = [problem for index, pattern in enumerate(patterns) if (problem := self._add(index, pattern)) is not None]
        if problems:
            raise SelectionError(*problems)
        spec = PathSpec.from_lines(_PATTERN, [pattern.text for pattern in patterns], backend="simple")
        regexes = [pattern.regex for pattern in spec.patterns if isinstance(pattern, GlobPattern) and pattern.regex]
        self._matches = tuple((index, regex.match) for index, regex in enumerate(regexes))
        # One expression for all: tens of thousands of files are asked for.
        self._any = re.compile(rf"\A(?:{'|'.join(_regex(parts) for _, parts in self._globs) or '(?!)'})\Z", re.DOTALL).match
        self._names = NameFilter(parts[-1] for _, parts in self._globs if parts[-1] != _ANY_DEPTH)
        self._exact = {glob: "/".join(map(_unescaped, parts)) for glob, (_, parts) in enumerate(self._globs) if _is_exact(parts)}
        self.start = self._state({(glob, 0) for glob in range(len(self._globs))})
        """The state at the root: which part of which glob has to match next."""

    def _add(self, index: int, pattern: Pattern) -> Problem | None:
        try:
            self._globs += [(index, parts) for parts in _parse(pattern.text)]
        except ValueError as error:
            fault, _, hint = str(error).partition("; ")
            return Problem(f'"{pattern.text}" {fault}', hint or None, pattern.location, code="TBX103")
        return None

    def match(self, path: str) -> bool:
        """Whether any glob matches `path`."""
        return self._any(path if path.isascii() else normalize(path)) is not None

    def deciding(self, path: str) -> int | None:
        """Return the first glob that matches `path`, None where none does."""
        # Not `PathSpec.match_file`: there the last pattern that matches decides, and it takes twice as long for each of many files.
        text = normalize(path)
        for index, match in self._matches:
            if match(text):
                return index
        return None

    def matches(self, path: str) -> list[int]:
        """Return all globs that match `path`."""
        text = normalize(path)
        return [index for index, match in self._matches if match(text)]

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

    def approached(self, before: GlobState, after: GlobState) -> set[int]:
        """Return the globs that the name of a folder brought nearer to a match; not those that only continue with a `**`."""
        return self.reaching(after - before)

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
    for glob in expand_braces(normalize(text)):
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


def _is_exact(parts: tuple[str, ...]) -> bool:
    return not any(re.search(r"[*?\[]", re.sub(r"\\.", "", part, flags=re.DOTALL)) for part in parts)


def _unescaped(part: str) -> str:
    return re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL)


def _regex(parts: tuple[str, ...]) -> str:
    # Without the lookbehind `pkg/*` would match `pkg/`, the folder itself.
    return f"{translate('/'.join(parts))}{'(?<!/)' if parts[-1] else ''}"


@cache
def _matcher(part: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(f"{translate(part)}", re.DOTALL).fullmatch
