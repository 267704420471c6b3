"""The fields of an input as rows of a table, also side by side for two releases."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hatch_tilebox.inputs.describe import describe_input, describe_value, protobuf_message, takes_input

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_tilebox.compatibility.releases import TaskChange

RowKind = Literal["same", "added", "removed", "changed", "breaking", "uncertain"]

INPUT = "input"
_REFERENCE = "#/$defs/"
_DEEPEST = 4
_MOST = 200
_LONGEST = 40
_MALFORMED = (AttributeError, LookupError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Field:
    """A field of an input. `path` is its place, as in messages: `scenes[].level`. `default` is JSON, None without a default."""

    path: str
    values: str
    required: bool
    default: str | None = None

    @property
    def words(self) -> str:
        """The values and the default in a few words."""
        return self.values + (f" = {self.default}" if self.default is not None else "" if self.required else ", optional")


@dataclass(frozen=True)
class Row:
    """A field in two releases; None if a release does not have it."""

    path: str
    kind: RowKind
    old: Field | None
    new: Field | None


def fields_of(schema: Mapping[str, Any] | None) -> list[Field]:
    """Return the fields of an input, each followed by the fields in it. An input that is not an object is one field."""
    if not takes_input(schema):
        return []
    if schema is None or protobuf_message(schema):
        return [Field(INPUT, describe_input(schema), required=True)]
    try:
        found: list[Field] = []
        for field in _inner(schema, schema, "", 0):
            found.append(field)
            if len(found) == _MOST:
                break
    except _MALFORMED:
        return [Field(INPUT, "unknown", required=True)]
    return found or [Field(INPUT, describe_value(schema, schema), required=True, default=_default(schema))]


def resolve(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema that a reference names, and any other object unchanged."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    definitions = root.get("$defs", {})
    found = definitions.get(reference.removeprefix(_REFERENCE)) if isinstance(reference, str) else schema
    return found if isinstance(found, dict) else {}


def compare_fields(change: TaskChange) -> list[Row]:
    """Return the fields of both versions of a task. The fields in one that did not change are left out."""
    if change.old is None or change.new is None:
        return []
    old, new = ({field.path: field for field in fields_of(task.input_schema)} for task in (change.old, change.new))
    certain = change.kind == "breaking"
    rows = []
    for path in dict.fromkeys([*new, *old]):
        before, after = old.get(path), new.get(path)
        kind: RowKind = "same"
        if _named(path, change.reasons):
            kind = "breaking" if certain else "uncertain"
        elif before != after:
            kind = "added" if before is None else "removed" if after is None else "changed"
        rows.append(Row(path, kind, before, after))
    same = [
        row.path
        for row in rows
        if row.kind == "same" and not any(other.kind != "same" and _inside(other.path, row.path) for other in rows)
    ]
    return [row for row in rows if not (row.kind == "same" and any(_inside(row.path, path) for path in same))]


def _inside(path: str, outer: str) -> bool:
    return path.startswith((f"{outer}.", f"{outer}[]."))


def _named(path: str, reasons: Sequence[str]) -> bool:
    """Return whether one of the reasons is about this field: `path: …`, or `path[]: …` for its items."""
    return any(reason.startswith((f"{path}: ", f"{path}[]: ", f"{path}.*: ")) for reason in reasons)


def _inner(schema: Any, root: Mapping[str, Any], path: str, depth: int) -> Iterator[Field]:
    part = resolve(schema, root)
    required, properties = part.get("required", ()), part.get("properties", {})
    if depth > _DEEPEST:
        return
    for name in [*required, *(name for name in properties if name not in required)]:
        value = properties.get(name, True)
        place = f"{path}.{name}" if path else name
        yield Field(place, describe_value(value, root), name in required, _default(value))
        items = value.get("items") if isinstance(value, dict) and value.get("type") == "array" else None
        if items is not None:
            yield from _inner(items, root, f"{place}[]", depth + 1)
        else:
            yield from _inner(value, root, place, depth + 1)


def _default(schema: Any) -> str | None:
    if not isinstance(schema, dict) or "default" not in schema:
        return None
    text = json.dumps(schema["default"], ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
