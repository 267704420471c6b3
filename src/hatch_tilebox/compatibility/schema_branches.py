"""A JSON Schema as a choice of branches, each for the values of one type."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hatch_tilebox.inputs.describe import describe_value, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MAX_DEPTH = 40
_MAX_BRANCHES = 1000
_MAX_SHOWN = 5

_ANNOTATIONS = {
    *("$comment", "$defs", "$schema", "default", "definitions", "deprecated"),
    *("description", "discriminator", "examples", "readOnly", "title", "writeOnly"),
}
_STRUCTURE = {"$ref", "anyOf", "const", "enum", "type"}
_CONTEXTUAL = {"$dynamicRef", "$id", "$anchor", "patternProperties", "unevaluatedItems", "unevaluatedProperties"}
"""Their meaning depends on other keywords, so equal values may have different meanings."""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_schema(value: Any) -> bool:
    return isinstance(value, (bool, dict))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_KEYWORDS: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "null": {},
    "boolean": {},
    "number": dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _is_number),
    "string": {
        **dict.fromkeys(("minLength", "maxLength"), _is_count),
        **dict.fromkeys(("pattern", "format", "contentEncoding"), _is_text),
    },
    "array": {
        **dict.fromkeys(("minItems", "maxItems"), _is_count),
        "items": _is_schema,
        "prefixItems": lambda value: isinstance(value, list) and all(map(_is_schema, value)),
        "uniqueItems": lambda value: isinstance(value, bool),
    },
    "object": {
        **dict.fromkeys(("minProperties", "maxProperties"), _is_count),
        **dict.fromkeys(("additionalProperties", "propertyNames"), _is_schema),
        "properties": lambda value: isinstance(value, dict) and all(map(_is_schema, value.values())),
        "required": _is_texts,
    },
}
_ALL_VALUES: Mapping[str, tuple[Any, ...]] = {"null": (None,), "boolean": (False, True)}
_KNOWN = {keyword for keywords in _KEYWORDS.values() for keyword in keywords}


@dataclass(frozen=True)
class Branch:
    """The part of a schema for the values of one type.

    `values` has all values if they are finite. `rest` has the keywords that are not understood.
    A branch that is not `exact` accepts less than its keywords.
    """

    type: str
    keywords: Mapping[str, Any]
    integers: bool = False
    values: tuple[Any, ...] | None = None
    rest: Mapping[str, Any] | None = None
    exact: bool = True

    @cached_property
    def keys(self) -> frozenset[str]:
        """The canonical texts of `values`."""
        return frozenset(map(spelling, self.values or ()))


def branches(schema: Any, root: Mapping[str, Any]) -> Iterator[Branch]:
    """Yield a branch for each type that the schema accepts, or several if it is a union.

    `root` is the document that references point into. The end of a very large union is one inexact branch for each type.
    """
    budget = _MAX_BRANCHES
    for branch in _walk(schema, root, 0):
        budget -= 1
        if budget < 0:
            yield from _anything()
            return
        if branch is not None:
            yield branch


def _walk(schema: Any, root: Mapping[str, Any], depth: int) -> Iterator[Branch | None]:
    """Yield the branches, and None for a step without one, so that `branches` can limit endless unions without values too."""
    yield None
    if schema is False:
        return
    keywords = {} if schema is True else {key: value for key, value in schema.items() if key not in _ANNOTATIONS}
    key = next((key for key in ("$ref", "anyOf") if key in keywords), None)
    if key is None:
        yield from _value_branches(keywords) if "const" in keywords or "enum" in keywords else _type_branches(keywords)
        return
    parts = [_resolve(keywords[key], root)] if key == "$ref" else keywords[key]
    if depth >= _MAX_DEPTH or not isinstance(parts, list) or not all(map(_is_schema, parts)):
        yield from _anything()
        return
    for part in parts:
        for branch in _walk(part, root, depth + 1):
            yield branch if len(keywords) == 1 or branch is None else replace(branch, exact=False)


def _anything() -> Iterator[Branch]:
    return (Branch(name, {}, exact=False) for name in _KEYWORDS)


def _value_branches(keywords: Mapping[str, Any]) -> Iterator[Branch]:
    values = keywords.get("enum", [keywords.get("const")])
    if not isinstance(values, list):
        yield from _anything()
        return
    exact = not keywords.keys() - {"enum", "const", "type"} and not ("enum" in keywords and "const" in keywords)
    types = {branch.type for branch in _type_branches(keywords)}
    by_type: dict[str, list[Any]] = {}
    for value in values:
        by_type.setdefault(_type_of(value), []).append(value)
    for name, group in by_type.items():
        if name in types:
            yield Branch(name, {}, values=tuple(group), exact=exact)


def _type_branches(keywords: Mapping[str, Any]) -> Iterator[Branch]:
    types = keywords.get("type", list(_KEYWORDS))
    types = [types] if isinstance(types, str) else types
    exact = isinstance(types, list) and all(isinstance(name, str) and name in {"integer", *_KEYWORDS} for name in types)
    for name in types if exact else _KEYWORDS:
        yield replace(_type_branch(name, keywords), exact=exact)


def _type_branch(name: str, keywords: Mapping[str, Any]) -> Branch:
    base = "number" if name == "integer" else name
    checks = _KEYWORDS.get(base, {})
    used = {key: value for key, value in keywords.items() if key in checks and checks[key](value)}
    foreign = (_KNOWN - checks.keys()) | _STRUCTURE
    rest = {key: value for key, value in keywords.items() if key not in used and key not in foreign}
    return Branch(base, used, name == "integer", _ALL_VALUES.get(base), rest)


def _resolve(ref: Any, root: Mapping[str, Any]) -> Any:
    """Return the schema at a JSON pointer into the document, or None."""
    if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
        return None
    node: Any = root
    for part in ref[1:].split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, dict) else None
    return node


def bound(branch: Branch, side: int) -> tuple[float, int] | None:
    """Return the lower (`side` 1) or upper (-1) limit of a number, or None.

    Upper limits are negated, and the second part is 1 for an exclusive limit, so that the greater bound is the narrower one.
    Limits of integers become inclusive integers.
    """
    name = "inimum" if side > 0 else "aximum"
    found = [
        (side * branch.keywords[key], excluded)
        for key, excluded in ((f"m{name}", 0), (f"exclusiveM{name}", 1))
        if key in branch.keywords
    ]
    if not found:
        return None
    value, excluded = max(found)
    if not branch.integers:
        return value, excluded
    return (math.floor(value) + 1 if excluded else math.ceil(value)), 0


def unknown_type(schema: Any) -> str | None:
    """Return the name of a type whose schema is not known, so that the schema accepts everything. None for other schemas."""
    if isinstance(schema, dict) and "title" in schema and not schema.keys() - _ANNOTATIONS:
        return str(schema["title"])
    return None


def accepts(branch: Branch, value: Any) -> bool | None:
    """Return whether a branch of the value's type accepts the value, or None if that is not known."""
    if branch.values is not None:
        found = spelling(value) in branch.keys
    elif branch.type == "number":
        lower, upper = bound(branch, 1), bound(branch, -1)
        found = not (branch.integers and value != math.floor(value))
        found = found and (not lower or (value, 0) >= lower) and (not upper or (-value, 0) >= upper)
    elif branch.type == "string":
        found = branch.keywords.get("minLength", 0) <= len(value) <= branch.keywords.get("maxLength", math.inf)
    else:
        found = True
    if not found:
        return False
    understood = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength"}
    return True if branch.exact and not branch.rest and not branch.keywords.keys() - understood else None


def finite_values(schema: Any, root: Mapping[str, Any]) -> set[str] | None:
    """Return the keys of all values that a schema may accept, or None if they are not finite."""
    found: set[str] = set()
    for branch in branches(schema, root):
        if branch.values is None:
            return None
        found |= branch.keys
    return found


def same_rest(old: Branch, new: Branch) -> bool:
    """Return whether the old branch has all unknown keywords of the new one, with the same values."""
    before, after = old.rest or {}, new.rest or {}
    alike = all(key in before and spelling(before[key]) == spelling(value) for key, value in after.items())
    return alike and not after.keys() & _CONTEXTUAL and '"$ref"' not in spelling(dict(after))


def describe(schema: Any, root: Mapping[str, Any]) -> str:
    """Return the values that the schema accepts in a few words: "array of string or null"."""
    found = list(branches(schema, root))
    if {branch.type for branch in found} == set(_KEYWORDS) and not any(branch.keywords for branch in found):
        return "any value"
    return " or ".join(dict.fromkeys(map(describe_branch, found))) or "nothing"


def describe_branch(branch: Branch) -> str:
    """Return the values that the branch accepts in a few words."""
    if branch.values is not None and branch.values != _ALL_VALUES.get(branch.type):
        return show_values(branch.values)
    kind = "integer" if branch.integers else branch.type
    shown = ("items", "prefixItems", "format", "contentEncoding")
    words = describe_value({"type": kind, **{key: branch.keywords[key] for key in shown if key in branch.keywords}})
    return words if branch.type != "string" or words.startswith("string") else f"string ({words})"


def show_values(values: tuple[Any, ...]) -> str:
    """Return values as JSON, only the first if there are many."""
    shown = [*map(to_json, values[:_MAX_SHOWN])]
    return " or ".join(shown + ["..."] * (len(values) > _MAX_SHOWN))


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for name, kind in (("string", str), ("array", list), ("object", dict)):
        if isinstance(value, kind):
            return name
    return "number"


def spelling(value: Any) -> str:
    """Return the canonical text of a JSON value: 1 and 1.0 have the same text, 1 and true have different ones."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value
