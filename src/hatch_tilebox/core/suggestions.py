"""Suggestions of several commands and checks: what a misspelt word may mean, and how to select a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIMILAR = 0.7
"""The least similarity, from 0 to 1, of a word that is worth a question. Below it, most suggestions are wrong."""


def close_match(word: object, words: Iterable[str]) -> str | None:
    """Return the one of `words` that is most similar to a misspelt one, None if none is. Case and `_` for `-` do not count."""
    import difflib

    spelled = {_plain(known): known for known in words}
    matches = difflib.get_close_matches(_plain(str(word)), spelled, n=1, cutoff=_SIMILAR)
    return spelled[matches[0]] if matches else None


def did_you_mean(word: object, words: Iterable[str], quote: str = '"') -> str | None:
    """Return the question about a misspelt word: `did you mean "include"?`, None if no word is similar."""
    meant = close_match(word, words)
    return None if meant is None else f"did you mean {quote}{meant}{quote}?"


def is_same_word(word: str, other: str) -> bool:
    """Return whether two words differ at most in case, and in `_` for `-`."""
    return _plain(word) == _plain(other)


def include_hint(*patterns: str) -> str:
    """Return the hint to add `patterns` to the selected files."""
    quoted = " and ".join(f'"{pattern}"' for pattern in patterns)
    return f"add {quoted} to [build] include in {CONFIG_NAME}"


def _plain(word: str) -> str:
    return word.casefold().replace("_", "-")
