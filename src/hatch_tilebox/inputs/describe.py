"""Descriptions of a JSON Schema for people: in one line, in several lines, and as an example."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
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
MALFORMED = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors that a malformed schema causes. A release from outside may have any JSON object in place of a schema."""
INPUT = "input"
"""The path of an input that is not an object."""
_MOST_FIELDS = 200
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


@dataclass(frozen=True)
class Field:
    """A field of an input. `path` is its place, as in messages: `scenes[].level`. `default` is JSON, None without a default."""

    path: str
    values: str
    required: bool
    default: str | None = None

    @property
    def name(self) -> str:
        """The path, with "?" for an optional field without a default."""
        path = self.path if self.path.isprintable() else json.dumps(self.path)
        return path if self.required or self.default is not None else f"{path}?"

    @property
    def accepted(self) -> str:
        """The values and the default: `number = 0.3`."""
        return self.values if self.default is None else f"{self.values} = {self.default}"

    @property
    def words(self) -> str:
        """The same, and whether the field may be left out."""
        return self.accepted if self.required or self.default is not None else f"{self.values}, optional"


def describe_input(schema: Mapping[str, Any] | None) -> str:
    """Return the input in one line: `scene_id: string, max_cloud_cover: number = 0.3`, "unknown" if it is malformed."""
    if schema is None:
        return "unknown"
    if not takes_input(schema):
        return "none"
    if message := protobuf_message(schema):
        return f"protobuf message {message}"
    try:
        text = ", ".join(f"{field.name}: {field.accepted}" for field in _fields(schema, schema))
        if not text:
            return _whole(schema).accepted
        return f"{_words(schema)} ({text})" if "$ref" in schema else text
    except MALFORMED:
        return "unknown"


def fields_of(schema: Mapping[str, Any] | None, *, deepest: int = 4) -> list[Field]:
    """Return the fields of an input, each followed by the fields in it, at most `deepest` levels down.

    An input that is not an object is one field, `input`. A task without input has none.
    """
    if not takes_input(schema):
        return []
    if schema is None or protobuf_message(schema):
        return [Field(INPUT, describe_input(schema), required=True)]
    try:
        return list(islice(_fields(schema, schema, deepest=deepest), _MOST_FIELDS)) or [_whole(schema)]
    except MALFORMED:
        return [Field(INPUT, "unknown", required=True)]


def shape_lines(schema: Mapping[str, Any]) -> list[str]:
    """Return the input in several lines: one for each field, then the same for each named type."""
    try:
        lines = _table(schema, schema, "") or [_whole(schema).accepted]
        for name, definition in schema.get("$defs", {}).items():
            if schema.get("$ref") != _REFERENCE + name:  # which the first lines describe
                lines += [f"{name}:", *(_table(definition, schema, "  ") or [f"  {_words(definition)}"])]
    except MALFORMED:
        return ["unknown"]
    return lines


def describe_value(schema: Any) -> str:
    """Return the values that a schema, or a part of one, accepts in a few words: "array of string or null"."""
    try:
        return _words(schema)
    except MALFORMED:
        return "unknown"


def _words(schema: Any) -> str:  # noqa: PLR0911 -- one return for each kind of schema
    if not isinstance(schema, dict):
        return "nothing" if schema is False else "any value"
    if isinstance(schema.get("$ref"), str):
        return str(schema["$ref"].removeprefix(_REFERENCE))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_words, schema["anyOf"])))
    if "const" in schema or "enum" in schema:
        return _values(schema.get("enum", [schema.get("const")]))
    kind = schema.get("type")
    if isinstance(kind, list):
        return " or ".join(_words({**schema, "type": one}) for one in kind)
    if kind is None:
        return f"any value ({schema['title']})" if "title" in schema else "any value"
    describe = {"string": _text, "array": _array, "object": _object}.get(kind)
    text = describe(schema) if describe else str(kind)
    known = "prefixItems" in schema or "title" in schema or _count(schema) is not None
    limits = [] if known else [words.format(schema[key]) for key, words in _LIMITS.items() if key in schema]
    return f"{text} ({', '.join(limits)})" if limits else text


def example_input(schema: Mapping[str, Any]) -> Any:
    """Return a small value of the shape that `schema` describes. It may break a limit such as a pattern.

    Raises ValueError for a malformed schema, and if the example would be too large.
    """
    try:
        return _example(schema, schema, 0, iter(range(_MOST_STEPS)))
    except MALFORMED as error:
        raise ValueError(str(error)) from error


def _fields(schema: Any, root: Mapping[str, Any], path: str = "", *, deepest: int = 0) -> Iterator[Field]:
    """Yield the fields of an object, and those in them down to `deepest` levels.

    Required fields come first, in the author's order, because the manifest keeps only the order of `required`.
    """
    schema = resolve(schema, root)
    required, properties = schema.get("required", ()), schema.get("properties", {})
    for name in [*required, *(name for name in properties if name not in required)]:
        value = properties.get(name, True)
        place = f"{path}.{name}" if path else str(name)
        yield Field(place, _words(value), name in required, _default(value))
        if deepest:
            array = isinstance(value, dict) and value.get("type") == "array" and "items" in value
            inner, place = (value["items"], f"{place}[]") if array else (value, place)
            yield from _fields(inner, root, place, deepest=deepest - 1)


def _whole(schema: Mapping[str, Any]) -> Field:
    """Return an input that is not an object as a field."""
    return Field(INPUT, _words(schema), required=True, default=_default(schema))


def _table(schema: Any, root: Mapping[str, Any], indent: str) -> list[str]:
    fields = list(_fields(schema, root))
    width = max((len(field.name) for field in fields), default=0)
    return [f"{indent}{field.name.ljust(width)}  {field.accepted}" for field in fields]


def resolve(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `schema`, or the definition in `root` to which it refers; {} if it is malformed."""
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        definitions = root.get("$defs")
        schema = definitions.get(schema["$ref"].removeprefix(_REFERENCE)) if isinstance(definitions, dict) else None
    return schema if isinstance(schema, dict) else {}


def _default(schema: Any) -> str | None:
    return to_json(schema["default"], longest=_LONGEST) if isinstance(schema, dict) and "default" in schema else None


def to_json(value: Any, *, longest: int | None = None) -> str:
    """Return a value as readable JSON, cut after `longest` characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1]}…"


def _values(values: list[Any]) -> str:
    shown = [*map(to_json, values[:_MOST_VALUES])]
    return " or ".join([*shown, "…"] if len(values) > _MOST_VALUES else shown)


def _text(schema: Mapping[str, Any]) -> str:
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


def _array(schema: Mapping[str, Any]) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(map(_words, schema['prefixItems']))}]"
    if "items" not in schema:
        return "array"
    items = _words(schema["items"])
    items = f"({items})" if " or " in items else items
    count = _count(schema)
    return f"array of {items}" if count is None else f"array of {items} ({count} items)"


def _count(schema: Mapping[str, Any]) -> int | None:
    """Return the number of items of an array, None if it may differ."""
    least, most = schema.get("minItems"), schema.get("maxItems")
    return least if least == most else None


def _object(schema: Mapping[str, Any]) -> str:
    members = schema.get("additionalProperties")
    if isinstance(members, dict) and not schema.get("properties"):
        return f"object of {_words(members)}"
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
        return _FORMATS.get(_text(schema), "AAAA" if "contentEncoding" in schema else "…")
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
