"""A quick answer to: which of these names may match one of many globs?

This module exists for speed only. A folder may hold thousands of files and an ignore file a hundred lines, and nearly no name
matches any of them; pathspec is asked about the others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_tilebox.selection.patterns.wildmatch import translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"[*?\[\\]")


def last_part(glob: str) -> str:
    """Return the part of `glob` that the name of a file has to match: what follows the last slash."""
    head, _, last = glob.rpartition("/")
    # The slash separates nothing where it is inside of brackets: then any name may match.
    return "**" if translate(head) is None else last


class NameFilter:
    """Finds the names that match the last part of a glob, from `parts`, the last parts of all globs."""

    def __init__(self, parts: Iterable[str]) -> None:
        literals, endings, others = set(), set(), []
        for part in parts:
            if not _SPECIAL.search(part):
                literals.add(part)
            elif part[0] == "*" and not _SPECIAL.search(part, 1):
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
