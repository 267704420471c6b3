"""Decide whether a JSON Schema accepts everything that another one accepts.

This is undecidable for JSON Schema as a whole. This module decides it for the part of 2020-12 that describes task inputs (types,
enumerations, unions, references, limits, arrays, tuples, objects). Anything else makes the answer uncertain. `format` and
`contentEncoding` restrict values, because the decoders of tasks check them.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hatch_tilebox.compatibility.schema_branches import (
    Branch,
    accepts,
    bound,
    branches,
    describe,
    describe_branch,
    finite_values,
    same_rest,
    show_values,
    spelling,
    unknown_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MAX_STEPS = 5000
_MAX_DEPTH = 40
_MAX_VALUES = 1000
_MAX_SHOWN = 40
_SHORT_TEXTS = ("", "~", "a", "0", "~~", "~~~")
_FORMATS = {"date", "date-time", "decimal", "duration", "time", "uuid"}
"""Each of these accepts texts that all others reject."""


@dataclass(frozen=True)
class SchemaChange:
    """Something that the old schema accepts and the new one rejects. If it is not `certain`, the new one may accept it."""

    text: str
    certain: bool = True


def compare_schemas(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[SchemaChange, ...]:
    """Return what `old` accepts and `new` rejects, with its place in the input. Nothing means that `new` accepts all of it.

    Both are JSON Schemas (2020-12) as JSON values. If an object of `old` declares properties and does not mention others, it has
    no others, because tasks write their inputs that way. An object of `new` that does not mention others accepts them.
    """
    try:
        if spelling(old) == spelling(new):  # Python takes 0 for False
            return ()
        return tuple(dict.fromkeys(_Comparison(old, new).changes(old, new, "")))
    except RecursionError:
        return (SchemaChange("input: nested too deeply to compare", certain=False),)


class _Comparison:
    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._old_root = old
        self._new_root = new
        self._steps = 0
        self._assumed: set[tuple[int, int]] = set()

    def changes(self, old: Any, new: Any, path: str) -> list[SchemaChange]:
        """Return what `old` accepts at `path` and `new` rejects.

        A pair whose comparison is in progress counts as compatible. A counterexample is finite, so it is found at a place where
        the comparison has been made.
        """
        if old is False or new is True or new == {}:
            return []
        if name := unknown_type(new):
            known = unknown_type(old) or describe(old, self._old_root)
            return [] if known == name else [_change(path, f"{known} -> {name}, of which nothing is known", certain=False)]
        self._steps += 1
        if self._steps > _MAX_STEPS or len(self._assumed) > _MAX_DEPTH:
            return [_change(path, "too much to compare", certain=False)]
        key = (id(old), id(new))
        if key in self._assumed:
            return []
        self._assumed.add(key)
        try:
            return self._compare(old, new, path)
        finally:
            self._assumed.remove(key)

    def _compare(self, old: Any, new: Any, path: str) -> list[SchemaChange]:
        found: list[SchemaChange] = []
        new_branches = list(branches(new, self._new_root))
        for branch in branches(old, self._old_root):
            candidates = [candidate for candidate in new_branches if candidate.type == branch.type]
            if candidates:
                result = self._branch(branch, candidates, path)
            else:
                result = [_change(path, f"{describe(old, self._old_root)} -> {describe(new, self._new_root)}")]
            found += result if branch.exact and not branch.rest else _uncertain(result)
        return found

    def _branch(self, old: Branch, candidates: Sequence[Branch], path: str) -> list[SchemaChange]:
        """Return what `old` accepts and all `candidates` of the same type reject."""
        if len(candidates) > 1 or candidates[0].values is not None:
            old = _enumerated(old)
        if old.values is not None:
            return list(_value_findings(old.values, candidates, path))
        overlapping = [candidate for candidate in candidates if not self._disjoint(old, candidate)]
        best: list[SchemaChange] | None = None
        for candidate in overlapping or candidates:
            result = self._pair(old, candidate, path)
            if not result:
                return []
            if best is None or len(result) < len(best):
                best = result
        # Several branches may together accept what none of them accepts alone.
        return (best or []) if len(overlapping) <= 1 else _uncertain(best or [])

    def _pair(self, old: Branch, new: Branch, path: str) -> list[SchemaChange]:
        if new.values is not None:
            text = f"{describe_branch(old)} -> {describe_branch(new)}"
            return [_change(path, text, certain=not old.keywords)]
        if old.type == "number":
            found = [*_number_findings(old, new, path)]
        else:
            compare = {"string": _string_findings, "array": self._array}.get(old.type, self._object)
            found = [*compare(old.keywords, new.keywords, path)]
        if not new.exact or not same_rest(old, new):
            found.append(_change(path, "has rules that cannot be compared", certain=False))
        return found

    def _array(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
        old_prefix, new_prefix = old.get("prefixItems", []), new.get("prefixItems", [])
        old_items, new_items = old.get("items", True), new.get("items", True)
        longest = min([_count("maxItems", old), *(i for i, item in enumerate(old_prefix) if item is False)])
        if old_items is False:
            longest = min(longest, len(old_prefix))
        yield from _limit("minItems", _count("minItems", old), new, path)
        yield from _limit("maxItems", longest, new, path)
        if new.get("uniqueItems") and not old.get("uniqueItems") and longest > 1:
            yield _change(path, "items must be unique now")
        positions = max(len(old_prefix), len(new_prefix))
        for position in range(positions + 1):
            if position >= longest:
                return
            before = old_prefix[position] if position < len(old_prefix) else old_items
            after = new_prefix[position] if position < len(new_prefix) else new_items
            yield from self.changes(before, after, f"{path}[{'' if position == positions else position}]")

    def _object(self, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
        old_properties, new_properties = old.get("properties", {}), new.get("properties", {})
        others = old.get("additionalProperties", "properties" not in old)
        new_others = new.get("additionalProperties", True)
        for name in sorted({*old_properties, *new_properties}):
            before, after = old_properties.get(name, others), new_properties.get(name, new_others)
            if after is False and before is not False:
                yield _change(_join(path, name), "removed, and no other names are accepted")
            else:
                yield from self.changes(before, after, _join(path, name))
        yield from self.changes(others, new_others, _join(path, "*"))
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            text = "required now, was optional" if name in old_properties else "new and without default"
            yield _change(_join(path, name), text)
        yield from self._names(old, new, others is not False, path)

    def _names(self, old: Mapping[str, Any], new: Mapping[str, Any], others: bool, path: str) -> Iterator[SchemaChange]:  # noqa: FBT001 -- internal
        """Compare names and numbers of properties. `others` is whether the old object had undeclared properties."""
        declared = old.get("properties", {})
        if "propertyNames" in new:
            where = f"names in {path or 'input'}"
            names = old.get("propertyNames", True)
            if not others and names is True:
                yield from self.changes({"enum": list(declared)}, new["propertyNames"], where)
            elif names is not False:
                texts = {"type": "string"} if names is True else {"type": "string", **names}
                yield from self.changes(texts, new["propertyNames"], where)
        least = max(_count("minProperties", old), len(set(old.get("required", ()))))
        yield from _limit("minProperties", least, new, path)
        most = min(_count("maxProperties", old), math.inf if others else len(declared))
        yield from _limit("maxProperties", most, new, path)

    def _disjoint(self, old: Branch, new: Branch) -> bool:
        """Return True if a property that both require, such as the tag of a union, has no common value. False means unknown."""
        if old.type != "object":
            return False
        for name in set(old.keywords.get("required", ())) & set(new.keywords.get("required", ())):
            before, after = (
                finite_values(branch.keywords.get("properties", {}).get(name, True), root)
                for branch, root in ((old, self._old_root), (new, self._new_root))
            )
            if before is not None and after is not None and not before & after:
                return True
        return False


def _number_findings(old: Branch, new: Branch, path: str) -> Iterator[SchemaChange]:
    step, new_step = old.keywords.get("multipleOf"), new.keywords.get("multipleOf")
    if new.integers and not old.integers and not isinstance(step, int):
        yield _change(path, "number -> integer")
    for side, name in ((1, "minimum"), (-1, "maximum")):
        before, after = bound(old, side), bound(new, side)
        if after and (before is None or before < after):
            was = "none" if before is None else _show_bound(before, side)
            yield _change(path, f"{name} {was} -> {_show_bound(after, side)}")
    if new_step is None or new_step == step or (new_step == 1 and old.integers):
        return
    if not (isinstance(step, int) and isinstance(new_step, int) and new_step and step % new_step == 0):
        yield _change(path, f"must be a multiple of {new_step} now", certain=False)


def _show_bound(found: tuple[float, int], side: int) -> str:
    return f"{side * found[0]}{' (excluded)' if found[1] else ''}"


def _string_findings(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
    lengths = [change for key in ("minLength", "maxLength") for change in _limit(key, _count(key, old), new, path)]
    yield from _uncertain(lengths) if "pattern" in old or "format" in old else lengths
    for key in ("format", "contentEncoding"):
        before, after = old.get(key), new.get(key)
        if after is not None and before != after:
            certain = before is None and (key == "contentEncoding" or after in _FORMATS)
            certain = certain or (before in _FORMATS and after in _FORMATS)
            was = f"string ({before})" if before else "string"
            yield _change(path, f"{was} -> string ({after})", certain=certain)
    if "pattern" in new and old.get("pattern") != new["pattern"]:
        shown = new["pattern"] if len(new["pattern"]) <= _MAX_SHOWN else f"{new['pattern'][:_MAX_SHOWN]}..."
        certain = not {"pattern", "format"} & old.keys() and _refuses_some(new["pattern"], old)
        yield _change(path, f"must match {shown!r} now", certain=certain)


def _refuses_some(pattern: str, old: Mapping[str, Any]) -> bool:
    """Return whether a pattern rejects a text that `old` accepts. Only short texts are tried, because of slow patterns."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    allowed = (text for text in _SHORT_TEXTS if _count("minLength", old) <= len(text) <= _count("maxLength", old))
    return not all(map(compiled.search, allowed))


def _value_findings(values: Sequence[Any], candidates: Sequence[Branch], path: str) -> Iterator[SchemaChange]:
    refused: dict[bool, list[Any]] = {True: [], False: []}
    for value in values:
        answers = {accepts(candidate, value) for candidate in candidates}
        if True not in answers:
            refused[None not in answers].append(value)
    for certain, text in ((True, "no longer accepts"), (False, "may no longer accept")):
        if refused[certain]:
            yield _change(path, f"{text} {show_values(tuple(refused[certain]))}", certain=certain)


def _enumerated(branch: Branch) -> Branch:
    """Return an integer between two close limits as a choice of values."""
    lower, upper = bound(branch, 1), bound(branch, -1)
    if not branch.integers or not lower or not upper or "multipleOf" in branch.keywords or -upper[0] - lower[0] >= _MAX_VALUES:
        return branch
    return replace(branch, values=tuple(range(int(lower[0]), int(-upper[0]) + 1)))


def _count(key: str, schema: Mapping[str, Any]) -> float:
    """Return the value of a limit whose `key` begins with "min" or "max"."""
    found: float = schema.get(key, 0 if key.startswith("min") else math.inf)
    return found


def _limit(key: str, before: float, new: Mapping[str, Any], path: str) -> Iterator[SchemaChange]:
    """Yield a change if a limit is narrower than `before`."""
    after = _count(key, new)
    if after > before if key.startswith("min") else after < before:
        yield _change(path, f"{key} {'none' if before == math.inf else before} -> {after}")


def _change(path: str, text: str, *, certain: bool = True) -> SchemaChange:
    return SchemaChange(f"{path or 'input'}: {text}", certain)


def _uncertain(found: Iterable[SchemaChange]) -> list[SchemaChange]:
    return [replace(change, certain=False) for change in found]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
