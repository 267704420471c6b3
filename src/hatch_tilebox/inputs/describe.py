"""Descriptions of a JSON Schema for people: in one line, in several lines, and as an example."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_SAMPLES = {"date-time": "2026-01-31T09:30:00Z", "time": "09:30:00", "duration": "P30D", "decimal": "1.5"}
"""One sample for each kind of text that schemas describe by a pattern. A pattern that matches one sample only has that kind."""
_FORMATS = {"date": "2026-01-31", "uuid": "3f2b8c1e-6d4a-4f7b-9a55-0c1d2e3f4a5b", **_SAMPLES}
_LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "multipleOf": "a multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
}
_REFERENCE = "#/$defs/"
_MALFORMED = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors that a malformed schema causes. A release from outside may have any JSON object in place of a schema."""
_LONGEST = 40
_MOST_VALUES = 6
_DEEPEST = 8
_MOST_STEPS = 2000
"""Of an example: a malicious schema may refer to itself many times."""


def takes_input(schema: Mapping[str, Any] | None) -> bool:
    """Return whether a task takes an input; True if that is not known."""
    return schema is None or schema.get("type") != "null"


def protobuf_message(schema: Mapping[str, Any] | None) -> str | None:
    """Return the name of the protobuf message that the input is, or None if the input is JSON."""
    if schema is None or "type" in schema or not str(schema.get("contentMediaType", "")).startswith("application/protobuf"):
        return None
    return str(schema.get("title", "message"))


def describe_input(schema: Mapping[str, Any] | None) -> str:
    """Return the input in one line: `scene_id: string, max_cloud_cover: number = 0.3`, "unknown" if it is malformed."""
    try:
        return _one_line(schema)
    except _MALFORMED:
        return "unknown"


def short_fields(schema: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return name and values of each field: `[("scene_id", "string"), ("level?", "integer")]`.

    An input that is not an object is one field, `input`. A task without input has none.
    """
    if schema is None or protobuf_message(schema) or not takes_input(schema):
        return [("input", describe_input(schema))] if takes_input(schema) else []
    try:
        fields = [(name + mark, kind + default) for name, mark, kind, default in _fields(schema, schema)]
        return fields or [("input", _words(schema, schema) + _default(schema))]
    except _MALFORMED:
        return [("input", "unknown")]


def shape_lines(schema: Mapping[str, Any]) -> list[str]:
    """Return the input in several lines: one for each field, then the same for each named type."""
    try:
        return _several_lines(schema)
    except _MALFORMED:
        return ["unknown"]


def _one_line(schema: Mapping[str, Any] | None) -> str:
    if schema is None:
        return "unknown"
    if not takes_input(schema):
        return "none"
    if message := protobuf_message(schema):
        return f"protobuf message {message}"
    fields = list(_fields(schema, schema))
    if not fields:
        return _words(schema, schema) + _default(schema)
    text = ", ".join(f"{name}{mark}: {kind}{default}" for name, mark, kind, default in fields)
    return f"{_words(schema, schema)} ({text})" if "$ref" in schema else text


def _several_lines(schema: Mapping[str, Any]) -> list[str]:
    lines = _table(schema, schema, "") or [_words(schema, schema) + _default(schema)]
    for name, definition in schema.get("$defs", {}).items():
        if schema.get("$ref") != _REFERENCE + name:  # which the first lines describe
            lines += [f"{name}:", *(_table(definition, schema, "  ") or [f"  {_words(definition, schema)}"])]
    return lines


def describe_value(schema: Any, root: Mapping[str, Any]) -> str:
    """Return the values that `schema`, a part of `root`, accepts in a few words: "array of string or null"."""
    try:
        return _words(schema, root)
    except _MALFORMED:
        return "unknown"


def _words(schema: Any, root: Mapping[str, Any]) -> str:  # noqa: PLR0911 -- one return for each kind of schema
    if not isinstance(schema, dict):
        return "nothing" if schema is False else "any value"
    if isinstance(schema.get("$ref"), str):
        return str(schema["$ref"].removeprefix(_REFERENCE))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_words(part, root) for part in schema["anyOf"]))
    if "const" in schema or "enum" in schema:
        return _values(schema.get("enum", [schema.get("const")]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(_words({**schema, "type": one}, root) for one in kind)
    if kind is None:
        return f"any value ({schema['title']})" if "title" in schema else "any value"
    describe = {"string": _text, "array": _array, "object": _object}.get(kind)
    text = describe(schema, root) if describe else str(kind)
    known = "prefixItems" in schema or "title" in schema or _count(schema) is not None
    limits = [] if known else [words.format(schema[key]) for key, words in _LIMITS.items() if key in schema]
    return f"{text} ({', '.join(limits)})" if limits else text


def example_input(schema: Mapping[str, Any]) -> Any:
    """Return a small value of the shape that `schema` describes. It may break a limit such as a pattern.

    Raises ValueError for a malformed schema, and if the example would be too large.
    """
    try:
        return _example(schema, schema, 0, iter(range(_MOST_STEPS)))
    except _MALFORMED as error:
        raise ValueError(str(error)) from error


def _fields(schema: Any, root: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, "?" for an optional field, values and default of each field of an object.

    Required fields come first, in the author's order, because the manifest keeps only the order of `required`.
    """
    schema = resolve(schema, root)
    required, properties = schema.get("required", ()), schema.get("properties", {})
    for name in [*required, *(name for name in properties if name not in required)]:
        value = properties.get(name, True)
        default = _default(value)
        shown = name if name.isprintable() else json.dumps(name)
        yield shown, "" if name in required or default else "?", _words(value, root), default


def _table(schema: Any, root: Mapping[str, Any], indent: str) -> list[str]:
    fields = list(_fields(schema, root))
    width = max((len(name + mark) for name, mark, _, _ in fields), default=0)
    return [f"{indent}{(name + mark).ljust(width)}  {kind}{default}" for name, mark, kind, default in fields]


def _definitions(root: Mapping[str, Any]) -> Mapping[str, Any]:
    found = root.get("$defs")
    return found if isinstance(found, dict) else {}


def resolve(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `schema`, or the definition in `root` to which it refers; {} if it is malformed."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    found = _definitions(root).get(reference.removeprefix(_REFERENCE)) if isinstance(reference, str) else schema
    return found if isinstance(found, dict) else {}


def _default(schema: Any) -> str:
    if not isinstance(schema, dict) or "default" not in schema:
        return ""
    text = json.dumps(schema["default"], ensure_ascii=False)
    return f" = {text}" if len(text) <= _LONGEST else f" = {text[: _LONGEST - 1]}…"


def _values(values: list[Any]) -> str:
    shown = [json.dumps(value, ensure_ascii=False) for value in values[:_MOST_VALUES]]
    return " or ".join([*shown, "…"] if len(values) > _MOST_VALUES else shown)


def _text(schema: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    if "contentEncoding" in schema:
        return f"{schema['contentEncoding']} text" + (f" ({schema['title']})" if "title" in schema else "")
    kind = schema.get("format") or _pattern_kind(schema)
    if kind or "title" in schema:
        return str(kind or f"string ({schema['title']})")
    return f"string matching {schema['pattern']}" if len(schema.get("pattern", " " * _LONGEST)) < _LONGEST else "string"


def _pattern_kind(schema: Mapping[str, Any]) -> str | None:
    try:
        kinds = [kind for kind, sample in _SAMPLES.items() if "pattern" in schema and re.search(schema["pattern"], sample)]
    except re.error:
        return None
    return kinds[0] if len(kinds) == 1 else None


def _array(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_words(item, root) for item in schema['prefixItems'])}]"
    if "items" not in schema:
        return "array"
    items = _words(schema["items"], root)
    items = f"({items})" if " or " in items else items
    count = _count(schema)
    return f"array of {items}" if count is None else f"array of {items} ({count} items)"


def _count(schema: Mapping[str, Any]) -> int | None:
    """Return the number of items of an array, None if it may differ."""
    least, most = schema.get("minItems"), schema.get("maxItems")
    return least if least == most else None


def _object(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    members = schema.get("additionalProperties")
    if isinstance(members, dict) and not schema.get("properties"):
        return f"object of {_words(members, root)}"
    return str(schema.get("title", "object"))


def _example(schema: Any, root: Mapping[str, Any], depth: int, steps: Iterator[int]) -> Any:
    if next(steps, None) is None:
        msg = "too large"
        raise ValueError(msg)
    if not isinstance(schema, dict):
        return None
    if "$ref" in schema:
        return _example(resolve(schema, root), root, depth + 1, steps) if depth < _DEEPEST else {}
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    for key in ("anyOf", "enum"):
        if schema.get(key):
            return _example(schema[key][0], root, depth, steps) if key == "anyOf" else schema[key][0]
    kind = schema.get("type")
    return _example_of(kind[0] if isinstance(kind, list) else kind, schema, root, depth, steps)


def _example_of(kind: Any, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int, steps: Iterator[int]) -> Any:
    """Return a value of the JSON type `kind`."""
    if kind in {"integer", "number"}:
        return _number(schema)
    if kind == "string":
        return _FORMATS.get(_text(schema, root), "AAAA" if "contentEncoding" in schema else "…")
    if kind == "array":
        return _items(schema, root, depth, steps)
    if kind == "object":
        return {name: _example(schema["properties"][name], root, depth + 1, steps) for name in schema.get("required", ())}
    return False if kind == "boolean" else None


def _number(schema: Mapping[str, Any]) -> Any:
    if "minimum" in schema or "exclusiveMinimum" in schema:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return min(schema.get("maximum", 1), schema.get("exclusiveMaximum", 2) - 1)


def _items(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int, steps: Iterator[int]) -> list[Any]:
    prefix = [_example(item, root, depth + 1, steps) for item in schema.get("prefixItems", ())]
    if prefix or "items" not in schema or depth >= _DEEPEST:
        return prefix
    count = max(schema.get("minItems", 0), min(1, schema.get("maxItems", 1)))
    return [_example(schema["items"], root, depth + 1, steps) for _ in range(count)]
