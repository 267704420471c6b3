"""TOML tables as dataclasses, for the parser, the JSON Schema and the reference pages.

The fields have `metadata=key(...)` with their kind and description, so that these three agree.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.project.toml.kinds import Kind, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.toml_positions import KeyPath
    from hatch_tilebox.project.toml.kinds import Report

_REQUIRED = dataclasses.MISSING


class Table(Kind):
    """A table whose keys are the fields of the dataclass `model`, see `keys_of`."""

    name = "table"

    def __init__(
        self, model: type, rules: Mapping[str, Any] | None = None, described: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.model = model
        self.rules = rules or {}
        self.described = described

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of the table."""
        return keys_of(self.model, self.described)

    def read(self, value: Any, at: KeyPath, report: Report) -> Any:
        if not isinstance(value, dict):
            report.value(at, f"must be a table, not {type_name(value)}")
            return None
        keys = {key.name: key for key in self.keys}
        for name in value:
            if name not in keys:
                report.unknown((*at, name), keys, taken=value)
        found = {}
        for name, key in keys.items():
            if name in value:
                found[key.field] = key.kind.read(value[name], (*at, name), report)
            elif key.required and (*at, name) not in report.meant:
                report.value((*at, name), "missing", key.missing or "it is required", "TBX011")
            else:
                found[key.field] = key.default
        return self.model(**found) if not report.mistakes else None

    def schema(self) -> dict[str, Any]:
        keys = self.keys
        return {
            "type": "object",
            "additionalProperties": False,
            "required": [key.name for key in keys if key.required],
            "properties": {key.name: key.schema() for key in keys},
            **self.rules,
        }


class Tables(Kind):
    """Any number of tables of one kind, whose names must match `pattern`. `names` describes the pattern.

    `annotations` are what an editor shows about one of the tables, as JSON Schema.
    """

    name = "tables"

    def __init__(self, table: Table, pattern: str, names: str, annotations: Mapping[str, Any]) -> None:
        self.table = table
        self.pattern = pattern
        self.names = names
        self.annotations = annotations

    def read(self, value: Any, at: KeyPath, report: Report) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            report.value(at, f"must be a table of tables, not {type_name(value)}")
            return {}
        for name in value:
            if not re.fullmatch(self.pattern, name):
                report.key((*at, name), f"a name here is {self.names}")
        return {name: self.table.read(item, (*at, name), report) for name, item in value.items()}

    def schema(self) -> dict[str, Any]:
        table = {**self.table.schema(), **self.annotations}
        return {"type": "object", "additionalProperties": False, "patternProperties": {f"^{self.pattern}$": table}}


class Key(NamedTuple):
    """A key of a TOML table."""

    name: str
    field: str
    kind: Kind
    doc: str
    default: Any
    shown: str
    missing: str
    examples: tuple[Any, ...]

    @property
    def required(self) -> bool:
        """Whether every table must have this key."""
        return self.default is _REQUIRED

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the value, with what an editor shows."""
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        return {
            **self.kind.schema(),
            "title": self.name,
            "description": self.doc,
            **({"default": default} if isinstance(default, (str, bool, int, float, list)) else {}),
            **({"examples": list(self.examples)} if self.examples else {}),
        }


def key(kind: Kind, doc: str, *, shown: str = "", missing: str = "", examples: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Return the metadata of a dataclass field that is a key of a TOML table.

    `doc` describes it in Markdown. `shown` is the default for people, if Python's own form would puzzle them. Without a default the
    key is required, and `missing` is what to write.
    """
    return {"kind": kind, "doc": doc, "shown": shown, "missing": missing, "examples": examples}


def keys_of(model: type, described: Mapping[str, Mapping[str, Any]] | None = None) -> tuple[Key, ...]:
    """Return the keys of the table for the dataclass `model`, whose fields have `key(...)` as metadata.

    A model without metadata has them in `described`, by field, and its keys have hyphens, as those in `pyproject.toml`.
    """
    return tuple(
        Key(
            name=item.name if described is None else item.name.replace("_", "-"),
            field=item.name,
            default=item.default,
            **(item.metadata if described is None else described[item.name]),
        )
        for item in dataclasses.fields(model)
    )
