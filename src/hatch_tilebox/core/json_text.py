"""A strict reader of JSON from outside, whose values can be compared and written again unchanged."""

from __future__ import annotations

import json
import re
from typing import Any

DEPTH = 200
"""The largest number of nested objects and arrays. The deepest known schema of a task has a tenth of it."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(data: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError if it is not JSON, or not safe to use.

    Not safe are: encodings other than UTF-8, a key that appears twice in an object, NaN and the infinities, numbers that overflow,
    lone surrogates, and more than `DEPTH` levels.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        msg = "it is not UTF-8 text"
        raise ValueError(msg) from None
    msg = f"it has more than {DEPTH} levels"
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except RecursionError:
        raise ValueError(msg) from None
    if _depth_exceeded(value):
        raise ValueError(msg)
    if _SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        name = next(name for name in names if names.count(name) > 1)
        msg = f"the key {name[:60]!r} appears twice"
        raise ValueError(msg)
    return found


def _constant(name: str) -> Any:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _float(text: str) -> float:
    number = float(text)
    return _constant(text[:60]) if number in {float("inf"), float("-inf")} else number


def _depth_exceeded(value: Any) -> bool:
    level = [value]
    for _ in range(DEPTH + 1):
        level = [
            item
            for parent in level
            if isinstance(parent, dict | list)
            for item in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True
