"""JSON-like values with one changed value, for tests of untrusted input."""

from __future__ import annotations

import copy

REMOVED = object()


def paths(value, path=()):
    """The path of every value within one, the whole first."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from paths(value[key], (*path, key))


def replaced(value, path, new):
    """A copy of `value` with `new` at `path`, or without what is there where that is `REMOVED`."""
    value = copy.deepcopy(value)
    *parents, key = path
    parent = value
    for part in parents:
        parent = parent[part]
    if new is REMOVED:
        del parent[key]
    else:
        parent[key] = new
    return value
