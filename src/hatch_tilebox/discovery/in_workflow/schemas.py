"""JSON Schemas of task inputs, in the form in which the SDK serializes them.

A schema accepts what the SDK writes, and the SDK reads what a schema accepts. JSON Schema cannot express everything: for example,
that a string names a coordinate reference system, or that bytes are a certain protobuf message. The mapping is independent of
`msgspec`'s own schemas, so a project has the same schema on every Python. SDKs without `msgspec` write plain JSON: types that plain
JSON cannot represent get an open schema, which accepts everything and names the Python type in `title`.
"""

from __future__ import annotations

import collections.abc
import copy
import dataclasses
import enum
import importlib
import inspect
import json
import math
import pathlib
import re
import types
import typing
from typing import TYPE_CHECKING, Any

from . import schemas_geo as geo
from . import schemas_records as records
from . import schemas_scalars as scalars

if TYPE_CHECKING:
    from collections.abc import Callable

    from .schemas_records import Member, Record

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WIRE_BYTES = "not JSON: the bytes of the protobuf message"

SCALARS = (str, int, bool, type(None))
QUALIFIERS = ("Final", "NotRequired", "ReadOnly", "Required")
LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "title": "title",
    "description": "description",
}
"""Limits of `msgspec.Meta` and their keywords."""
SEEN_THROUGH = (list, tuple, dict, set, frozenset)
"""Containers in which the SDK looks for types with a codec."""
LISTS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Collection, collections.abc.Iterable)
SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def input_schema(cls: type) -> dict[str, Any] | None:
    """The JSON Schema of the input of the task class `cls`, None if its annotations do not resolve."""
    try:
        return Schemas().task(cls)
    except Exception:  # noqa: BLE001 -- annotations are code of the workflow
        return None


def unreadable_fields(cls: type) -> list[tuple[str, str]]:
    """The fields of a task class that the SDK writes and cannot read, each with the error of msgspec for its type.

    Empty for SDKs without msgspec. Types that the SDK reads without msgspec do not count.
    """
    reads_itself = getattr(optional("tilebox.workflows._serialization"), "_requires_override", None)
    if reads_itself is None:
        return []
    found = [(member.name, why_unreadable(member.kind, reads_itself)) for member in records.members_of_dataclass(cls)]
    return [(name, reason) for name, reason in found if reason]


def why_unreadable(kind: Any, reads_itself: Any) -> str:
    """The error of msgspec when it creates the SDK's decoder for `kind`; empty if there is none or the SDK needs no decoder."""
    try:
        if not message_type(without_none(kind)) and not reads_itself(kind):
            optional("msgspec").json.Decoder(type=kind, dec_hook=lambda _, value: value)
    except TypeError as error:
        return str(error)
    except Exception:  # noqa: BLE001 -- annotations are code of the workflow
        return ""
    return ""


class Schemas:
    """Creates the schema of one task, and collects the definitions that it refers to."""

    def __init__(self) -> None:
        serialization = optional("tilebox.workflows._serialization")
        self.definitions: dict[str, Any] = {}
        self.names: dict[Any, str] = {}
        self.msgspec: Any = optional("msgspec") if serialization else None
        self.codecs = getattr(optional("tilebox.workflows._codec"), "registry", None)
        self.overridden: Any = getattr(serialization, "_requires_override", lambda _: False)
        self.seen = True
        self.beyond = copy.copy(self)
        """The same, for places where the SDK does not look for types with a codec and msgspec writes the types that it knows."""
        self.beyond.seen = False
        self.beyond.beyond = self.beyond

    def task(self, cls: type) -> dict[str, Any]:
        """The schema of a task's input."""
        members = records.members_of_dataclass(cls)
        if not members:
            schema = {"type": "null", "$comment": "no input: zero bytes"}
        elif len(members) > 1:
            schema = self.object_of(cls.__name__, records.Record(members, closed=self.msgspec is None))
        else:
            (member,) = members
            message = message_type(without_none(member.kind))
            schema = wire_bytes(message) if message else {**self.of(member.kind), **self.default(member)}
        definitions = {"$defs": self.definitions} if self.definitions else {}
        return {"$schema": DIALECT, **schema, **definitions}

    def of(self, kind: Any) -> dict[str, Any]:  # noqa: PLR0911 -- a kind of annotation, a return
        """The schema of values annotated as `kind`."""
        if isinstance(kind, typing.Hashable) and kind in scalars.PLAIN:
            return dict(scalars.PLAIN[kind])
        if hasattr(kind, "__supertype__"):  # NewType
            return self.beyond.of(kind.__supertype__)
        if type(kind).__name__ == "TypeAliasType":
            return self.beyond.of(kind.__value__)
        if isinstance(kind, typing.TypeVar):
            return self.beyond.of(kind.__bound__ or Any)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.annotated(self.of(arguments[0]), arguments[1:])
        if getattr(origin, "_name", None) in QUALIFIERS:
            return self.beyond.of(arguments[0])
        if origin in (typing.Union, types.UnionType):
            return self.union(arguments)
        if origin is typing.Literal:
            return {"enum": list(arguments)} if all(type(item) in SCALARS for item in arguments) else scalars.opened(kind)
        container = self.container(origin or kind, arguments)
        return container if container is not None else self.named(kind)

    def container(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any] | None:
        """The schema of a collection, None if `origin` is not one."""
        inner = self if origin in SEEN_THROUGH else self.beyond
        if origin is tuple:
            return self.tuple_of(arguments)
        if origin in LISTS or (self.msgspec and origin in SETS):
            items = inner.of(arguments[0]) if arguments else {}
            return {"type": "array", **({"items": items} if items else {}), **({"uniqueItems": True} if origin in SETS else {})}
        if origin in DICTS:
            return {"type": "object", **(inner.members(*arguments) if arguments else {})}
        return None

    def tuple_of(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """The schema of a tuple."""
        if not arguments:
            return {"type": "array"}
        if arguments[-1] is Ellipsis:
            return self.container(list, arguments[:1]) or {}
        if arguments == ((),):
            return {"type": "array", "maxItems": 0}
        return scalars.fixed([self.of(item) for item in arguments])

    def members(self, key: Any, value: Any) -> dict[str, Any]:
        """Keywords for the members of an object that stands for a dict."""
        found: dict[str, Any] = {"additionalProperties": values} if (values := self.of(value)) else {}
        names = scalars.member_names(self.beyond.of(key)) if self.msgspec else {}
        return {**found, **({"propertyNames": names} if names else {})}

    def union(self, members: tuple[Any, ...]) -> dict[str, Any]:
        """One of several types; null comes last."""
        unset = getattr(self.msgspec, "UnsetType", None)  # marks an optional member, which has a default anyway
        ordered = sorted((member for member in members if member is not unset), key=lambda member: member in (None, type(None)))
        found: list[dict[str, Any]] = []
        for member in ordered:
            schema = self.of(member)
            if schema not in found:
                found.append(schema)
        return found[0] if len(found) == 1 else {"anyOf": found} if {} not in found else {}

    def annotated(self, schema: dict[str, Any], notes: tuple[Any, ...]) -> dict[str, Any]:
        """`schema` with the limits of `msgspec.Meta`."""
        size = {"array": "Items", "object": "Properties"}.get(str(schema.get("type")), "Length")
        sized = {} if "contentEncoding" in schema else {"min_length": f"min{size}", "max_length": f"max{size}"}
        found = dict(schema)
        for note in notes:
            if self.msgspec and isinstance(note, self.msgspec.Meta):
                limits = ((keyword, getattr(note, name)) for name, keyword in {**LIMITS, **sized}.items())
                found |= {keyword: value for keyword, value in limits if value is not None}
                if "contentEncoding" in schema:
                    found["pattern"] = scalars.base64_of(note.min_length or 0, note.max_length)
                if note.tz is not None:
                    found["pattern"] = found["pattern"].replace(f"{scalars.ZONE}?", scalars.ZONE if note.tz else "")
        return found

    def named(self, kind: Any) -> dict[str, Any]:  # noqa: PLR0911 -- a kind of class, a return
        """The schema of a class."""
        if message := message_type(kind):
            media = f"application/protobuf; messageType={message}"
            return scalars.text(scalars.BASE64, contentEncoding="base64", contentMediaType=media, title=message)
        codec = self.codecs.find(kind) if self.codecs is not None and isinstance(kind, type) else None
        if codec is not None and (self.seen or not codec.overrides_native):
            return geo.codec_schema(kind, self.defined) or scalars.opened(kind)
        if record := records.record_of(kind, self.msgspec):
            return self.reference(kind, record)
        if not isinstance(kind, type) or self.msgspec is None:
            return scalars.opened(kind)
        if issubclass(kind, enum.Enum):
            return scalars.enumeration(kind)
        if kind in scalars.TEXTS:
            return dict(scalars.TEXTS[kind])
        if issubclass(kind, pathlib.PurePath):
            return {"type": "string", "title": f"{kind.__module__.partition('.')[0]}.{kind.__name__}"}
        return scalars.opened(kind)

    def reference(self, kind: Any, record: Record) -> dict[str, Any]:
        """A reference to the definition of a class with members."""
        title = (typing.get_origin(kind) or kind).__name__
        if arguments := typing.get_args(kind):
            title = f"{title}[{', '.join(getattr(item, '__name__', str(item)) for item in arguments)}]"
        inner = self if record.seen else self.beyond
        make = inner.array_of if record.array else inner.object_of
        return self.defined((kind, inner.seen and self.overridden(kind)), title, lambda: make(title, record))

    def defined(self, key: Any, title: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """A reference to the definition of `key`, which is created on first use."""
        if key not in self.names:
            name = re.sub(r"\W+", "_", title).strip("_")
            choices = (name, *(f"{name}_{count}" for count in range(2, len(self.definitions) + 3)))
            self.names[key] = next(choice for choice in choices if choice not in self.definitions)
            self.definitions[self.names[key]] = {}
            self.definitions[self.names[key]] = make()
        return {"$ref": f"#/$defs/{self.names[key]}"}

    def object_of(self, title: str, record: Record) -> dict[str, Any]:
        """The schema of a class that is written as an object."""
        tag, value = record.tag or (None, None)
        found: dict[str, Any] = {"type": "object", "title": title, "properties": {tag: {"const": value}} if tag else {}}
        found["properties"] |= {member.name: {**self.of(member.kind), **self.default(member)} for member in record.members}
        required = [*([tag] if tag else []), *(member.name for member in record.members if member.required)]
        if required:
            found["required"] = required
        return {**found, "additionalProperties": False} if record.closed else found

    def array_of(self, title: str, record: Record) -> dict[str, Any]:
        """The schema of a class that is written as an array."""
        items = [{"const": record.tag[1]}] if record.tag else []
        least = len(items) + max((place for place, member in enumerate(record.members, 1) if member.required), default=0)
        items += [{**self.of(member.kind), **self.default(member)} for member in record.members]
        found = {**scalars.fixed(items), "minItems": least, "title": title}
        return found if record.closed else {key: value for key, value in found.items() if key not in ("items", "maxItems")}

    def default(self, member: Member) -> dict[str, Any]:
        """The default of a member as a keyword, if it can be had without running code of the workflow."""
        if member.factory in (list, tuple, set, frozenset):
            return {"default": []}
        if member.factory is dict:
            return {"default": {}}
        lost = isinstance(member.default, float) and not math.isfinite(member.default)
        if lost or member.default is dataclasses.MISSING or (self.seen and self.overridden(member.kind)):
            return {}
        try:
            written = self.msgspec.json.encode(member.default) if self.msgspec else json.dumps(member.default)
            return {"default": json.loads(written)}
        except Exception:  # noqa: BLE001 -- whatever the default is
            return {}


def optional(name: str) -> Any:
    """The module `name`, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def without_none(kind: Any) -> Any:
    """The type inside an optional or annotated type, as the SDK unwraps it for a single field."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return without_none(arguments[0])
    if origin in (typing.Union, types.UnionType) and len(arguments) == 2 and arguments[1] is type(None):  # noqa: PLR2004
        return without_none(arguments[0])
    return kind


def message_type(kind: Any) -> str | None:
    """The full name of a protobuf message type."""
    descriptor = getattr(kind, "DESCRIPTOR", None) if inspect.isclass(kind) and hasattr(kind, "FromString") else None
    return getattr(descriptor, "full_name", None)


def wire_bytes(message: str) -> dict[str, Any]:
    """The schema of an input that is not JSON."""
    return {"contentMediaType": f"application/protobuf; messageType={message}", "title": message, "$comment": WIRE_BYTES}
