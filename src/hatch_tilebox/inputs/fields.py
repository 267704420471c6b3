"""Inputs that are given as `field=value`: values in the types of the task's schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import InputError, Problem
from hatch_tilebox.core.suggestions import close_match
from hatch_tilebox.inputs.describe import protobuf_message, resolve, takes_input, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import Task


_KINDS: dict[str, type | tuple[type, ...]] = {
    "null": type(None),
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
    "string": str,
}
"""The types of JSON and of Python, in the order in which a text is read.

`level=null` is null where the field may be null, and `"null"` where it may not.
"""
_DEEPEST = 16
_MISSING = object()


def encode_fields(task: Task, fields: Sequence[str]) -> bytes | None:
    """Return the JSON object that `fields` (each `name=value`) describe as an input of `task`, None if there are none.

    Values get the types of the task's schema. A text that is not a value of its field stays a string, which `encode_input` then
    refuses with the expected type. `a.b=1` sets the field `b` of `a`. Raises InputError for an unknown or repeated field, and for a
    task whose input does not have fields.
    """
    if not fields:
        return None
    named = f"{task.name} {task.version}"
    schema = task.input_schema
    if not takes_input(schema):
        raise InputError(Problem(f"{named} takes no input, but {fields[0]!r} is given", f"remove {fields[0]!r}"))
    if message := protobuf_message(schema):
        hint = "write the serialized message to a file, and pass the file with --input-file"
        raise InputError(Problem(f"{named} takes the protobuf message {message}, which has no fields here", hint))
    root = schema or {}
    if schema is not None and not any(_has_fields(kind) for kind in _kinds_of(schema, root)):
        raise InputError(Problem(f"the input of {named} does not have fields", "give the value with --input"))
    result: dict[str, Any] = {}
    for field in fields:
        name, _, text = field.partition("=")
        _set(result, *_find(named, name, root), text, root)
    return to_json(result).encode(errors="surrogatepass")  # `encode_input` refuses what is not UTF-8


def convert(text: str, schema: Any, root: Mapping[str, Any]) -> Any:
    """Return `text` as a value of `schema`, or unchanged if it is not one. Without a type in the schema, JSON is parsed."""
    kinds = list(_kinds_of(schema, root))
    for kind in kinds:
        listed = kind.get("enum")
        for value in [*(listed if isinstance(listed, list) else []), *([kind["const"]] if "const" in kind else [])]:
            if text == (value if isinstance(value, str) else json.dumps(value)):
                return value
    named = {name for kind in kinds for name in _names_of(kind)}
    for name in _KINDS:
        if name in named and (value := _read(text, name)) is not _MISSING:
            return value
    if named or any("enum" in kind or "const" in kind for kind in kinds):
        return text
    value = _json(text)
    return text if value is _MISSING else value


def _find(named: str, name: str, root: Mapping[str, Any]) -> tuple[list[str], Any]:
    """Return the path of the field `name` and its schema. Raises InputError, with the nearest name, if there is no such field."""
    schema: Any = root
    path: list[str] = []
    rest = name
    while True:
        properties, more = _fields_of(schema, root)
        nested = rest not in properties and (more is None or any(map(_has_fields, _kinds_of(more, root))))
        part = rest.partition(".")[0] if nested else rest
        if part not in properties and more is None:
            prefix = "".join(f"{step}." for step in path)
            close = close_match(part, properties)
            hint = f"did you mean {prefix + close!r}?" if close else f"it has {', '.join(prefix + key for key in properties)}"
            raise InputError(Problem(f"{named} has no field {prefix + part!r}", hint if properties else None))
        path.append(part)
        schema = properties.get(part, more)
        rest = rest[len(part) + 1 :] if part != rest else ""
        if not rest:
            return path, schema


def _fields_of(schema: Any, root: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """Return the schemas of the named fields, and that of fields with other names; None if there are no others."""
    named: dict[str, Any] = {}
    more: Any = None
    for kind in _kinds_of(schema, root):
        properties = kind.get("properties")
        named.update(properties if isinstance(properties, dict) else {})
        others = kind.get("additionalProperties", {})
        if not properties and others is not False and ("object" in _names_of(kind) or not kind):
            more = others
    return named, more


def _set(result: dict[str, Any], path: Sequence[str], schema: Any, text: str, root: Mapping[str, Any]) -> None:
    name = ".".join(path)
    place = result
    for part in path[:-1]:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise InputError(Problem(f"the field {name!r} is given together with {part!r}", "leave out one of the two"))
    if path[-1] in place:
        raise InputError(Problem(f"the field {name!r} is given twice", "a list is written as JSON: name='[1, 2]'"))
    place[path[-1]] = convert(text, schema, root)


def _kinds_of(schema: Any, root: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the alternatives of `schema`, without references. A malformed part is an empty schema."""
    found = resolve(schema, root)
    choices = found.get("anyOf") or found.get("oneOf") or found.get("allOf")
    if depth < _DEEPEST and (isinstance(choices, list) or "$ref" in found):
        for choice in choices if isinstance(choices, list) else [found]:
            yield from _kinds_of(choice, root, depth + 1)
    else:
        yield found


def _has_fields(kind: Mapping[str, Any]) -> bool:
    return "properties" in kind or "object" in _names_of(kind) or not ({"type", "enum", "const"} & {*kind})


def _names_of(kind: Mapping[str, Any]) -> list[str]:
    names = kind.get("type", ["object"] if "properties" in kind else [])
    return [name for name in (names if isinstance(names, list) else [names]) if isinstance(name, str)]


def _read(text: str, kind: str) -> Any:
    """Return `text` as a value of a JSON type, `_MISSING` if it is not one."""
    if kind == "string":
        return text
    value = _json(text.lower() if text.lower() in {"true", "false"} else text)
    right = isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))
    return value if right else _MISSING


def _json(text: str) -> Any:
    """Return the value of the JSON `text`, `_MISSING` if it is not JSON. NaN and infinite numbers are not JSON."""
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False)
    except (RecursionError, ValueError):
        return _MISSING
    return value
