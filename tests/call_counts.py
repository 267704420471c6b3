"""The work of a function, which unlike a clock is the same on every machine."""

from __future__ import annotations

import sys


def count_calls(function, *arguments):
    """Return how many calls and returns a call of the function takes, and its result."""
    count = 0

    def tick(*_):
        nonlocal count
        count += 1

    sys.setprofile(tick)
    try:
        result = function(*arguments)
    finally:
        sys.setprofile(None)
    return count, result
