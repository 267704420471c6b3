"""Translates a glob to a regular expression by the rules of git's wildmatch, for globs of the configuration and ignore files."""

from __future__ import annotations

import re
from typing import NamedTuple

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
            bracket = _bracket(glob, at + 1)
            if bracket is None:
                return None
            part, at = bracket
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


class _Item(NamedTuple):
    """One item of a bracket expression: a piece of a regex class, and the character from which a range may start."""

    piece: str
    char: str | None
    end: int


def _bracket(glob: str, at: int) -> tuple[str, int] | None:
    """Return the regex for the bracket expression whose `[` is before `at`, and its end; None if it is malformed."""
    negated = glob[at : at + 1] in {"!", "^"}
    at += negated
    pieces: list[str] = []
    previous: str | None = None
    first = True
    while first or glob[at : at + 1] != "]":
        item = _item(glob, at, previous)
        if item is None:
            return None
        pieces.append(item.piece)
        previous, at, first = item.char, item.end, False
    members = "".join(pieces)
    # A negated class never matches a slash either, and a range may span it.
    return (f"[^/{members}]" if negated else f"(?!/)[{members}]"), at + 1


def _item(glob: str, at: int, previous: str | None) -> _Item | None:
    char = glob[at : at + 1]
    if char == "\\":
        escaped = glob[at + 1 : at + 2]
        return _Item(re.escape(escaped), escaped, at + 2) if escaped else None
    if char == "-" and previous is not None and glob[at + 1 : at + 2] not in {"", "]"}:
        return _range(glob, at + 1, previous)
    if glob.startswith("[:", at):
        return _named_class(glob, at)
    return _Item(re.escape(char), char, at + 1) if char else None


def _range(glob: str, at: int, start: str) -> _Item | None:
    if glob[at] == "\\":
        at += 1
    stop = glob[at : at + 1]
    if not stop:
        return None
    piece = f"{re.escape(start)}-{re.escape(stop)}" if start <= stop else ""
    return _Item(piece, None, at + 1)


def _named_class(glob: str, at: int) -> _Item | None:
    """Return the item for `[:alpha:]`; without a `:]` the `[` is a character like others."""
    close = glob.find("]", at + 2)
    if close < 0:
        return None
    if close == at + 2 or glob[close - 1] != ":":
        return _Item(re.escape("["), "[", at + 1)
    members = _CLASSES.get(glob[at + 2 : close - 1])
    return None if members is None else _Item(members, None, close + 1)
