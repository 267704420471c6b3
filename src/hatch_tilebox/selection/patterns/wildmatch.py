"""Globs by the rules of git's wildmatch: as a regular expression, and a quick filter of names for many of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Members of the character classes in git (ctype.c, wildmatch.c). They do not depend on the locale.
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t\\n\\r",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_ITEM = re.compile(r"\[:(?P<name>[^\]]*):\]|(?P<start>\\.|[^\\])(?:-(?P<stop>\\.|[^\]\\]))?", re.DOTALL)
"""An item of a bracket expression. In git a `[:` without `:]` is two characters, and a range backwards is its first one."""
_WILD = re.compile(r"[*?\[\\]")


def translate(glob: str) -> str | None:
    """Return a regular expression for `re.fullmatch` with DOTALL, None for a malformed glob, which matches nothing in git.

    `*`, `?` and `[...]` never match a `/`. `**` does if it is a whole part of the path; elsewhere it is the same as `*`.
    """
    parts: list[str] = []
    at = 0
    while at < len(glob):
        char = glob[at]
        if char == "*":
            part, at = _stars(glob, at)
        elif char == "?":
            part, at = "[^/]", at + 1
        elif char == "[":
            found = bracket(glob, at)
            if found is None:
                return None
            part, at = found
        elif char == "\\":
            if at + 1 == len(glob):
                return None
            part, at = re.escape(glob[at + 1]), at + 2
        else:
            part, at = re.escape(char), at + 1
        parts.append(part)
    return "".join(parts)


def _stars(glob: str, at: int) -> tuple[str, int]:
    end = at
    while end < len(glob) and glob[end] == "*":
        end += 1
    alone = end - at > 1 and (at == 0 or glob[at - 1] == "/")
    if alone and end == len(glob):
        return ".*", end
    if alone and glob[end] == "/":
        return "(?:.*/)?", end + 1
    if alone and glob.startswith("\\/", end):
        return ".*", end
    return "[^/]*", end


def bracket(glob: str, at: int) -> tuple[str, int] | None:
    """Return the regex for the bracket expression at `at`, and its end; None if it is malformed."""
    negated = glob[at + 1 : at + 2] in {"!", "^"}
    first = end = at + 1 + negated
    members = ""
    while end == first or not glob.startswith("]", end):
        item = _ITEM.match(glob, end)
        found = item and _members(item)
        if not item or found is None:
            return None
        members += found
        end = item.end()
    # A negated class never matches a slash either, and a range may span it.
    return (f"[^/{members}]" if negated else f"(?!/)[{members}]"), end + 1


def _members(item: re.Match[str]) -> str | None:
    """Return an item as a part of a regex class, None for a class that git does not know."""
    if item["name"] is not None:
        return _CLASSES.get(item["name"])
    start, stop = item["start"][-1], (item["stop"] or "")[-1:]
    return f"{re.escape(start)}-{re.escape(stop)}" if start <= stop else re.escape(start)


def last_part(glob: str) -> str:
    """Return the part of `glob` that the name of a file has to match: what follows the last slash."""
    head, _, last = glob.rpartition("/")
    # The slash separates nothing where it is inside of brackets: then any name may match.
    return "**" if translate(head) is None else last


class NameFilter:
    """Finds the names that match the last part of a glob, from `parts`, the last parts of all globs.

    This is for speed only. A folder may hold thousands of files and an ignore file a hundred lines, and nearly no name matches any
    of them; the others are compared one by one.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        literals, endings, others = set(), set(), []
        for part in parts:
            if not _WILD.search(part):
                literals.add(part)
            elif part[0] == "*" and not _WILD.search(part, 1):
                endings.add(part[1:])
            elif (regex := translate(part)) is not None:
                others.append(f"(?:{regex})")
        self._literals = frozenset(literals)
        self._endings = tuple(endings)
        self._regex = re.compile("|".join(others), re.DOTALL) if others else None

    def among(self, names: Sequence[str]) -> list[str]:
        """Return those of `names` that match."""
        literals, endings = self._literals, self._endings
        found = [name for name in names if name in literals or name.endswith(endings)] if literals or endings else []
        return found if self._regex is None else [*found, *filter(self._regex.fullmatch, names)]
