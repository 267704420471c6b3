"""Braces in globs: `{a,b}`."""

from __future__ import annotations

import re

MAX_ALTERNATIVES = 1000


def expand_braces(glob: str) -> list[str]:
    """Return every choice of the braces: `{a,b{c,d}}/x` gives `a/x`, `bc/x` and `bd/x`.

    Raises ValueError, with the end of a sentence that begins with the glob, for braces that do not match.
    """
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
        if len(finished) + len(current) > MAX_ALTERNATIVES:
            msg = f"has more than {MAX_ALTERNATIVES} alternatives"
            raise ValueError(msg)
        at += width
    if nested and at >= len(glob):
        msg = "is malformed: a `{` is not closed; write `\\{` for the character itself"
        raise ValueError(msg)
    return finished + current, at


def _bracket_width(glob: str, at: int) -> int:
    """Return the length of the bracket expression at `at`, in which braces have no meaning; 1 where it is not closed."""
    match = re.compile(r"\[[!^]?\]?(?:\\.|\[:[a-z]*:\]|[^\]\\])*\]", re.DOTALL).match(glob, at)
    return match.end() - at if match else 1
