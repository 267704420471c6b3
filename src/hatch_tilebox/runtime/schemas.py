"""JSON Schemas of task inputs, as Tilebox serializes them. Runs inside the workflow's interpreter, beside `probe.py`.

A schema accepts what the SDK writes, and the SDK reads what a schema accepts, as far as JSON Schema can say it: that a text names
a coordinate reference system, or that bytes are a certain protobuf message, it cannot. The mapping is our own, so that one project
gives one schema on every Python; `msgspec`, where the SDK has it, describes the kinds of types that this file does not know
(`Struct`, `TypedDict`, `NamedTuple`, attrs classes). SDKs before `msgspec` wrote plain JSON: there, types that plain JSON has no
form for are open. An open schema accepts everything and names the Python type in `title`.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import importlib
import importlib.util
import inspect
import json
import math
import pathlib
import types
import typing
import uuid
import zoneinfo
from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WIRE_BYTES = "not JSON: the bytes of the protobuf message"

MONTH_DAY = (
    "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"  # all but 29 February
)
LEAP_DAY = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
DATE = f"(?:(?!0000)[0-9]{{4}}-{MONTH_DAY}|{LEAP_DAY})"
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
SECONDS = r"(?:[0-7]?[0-9]{1,4}|8[0-5][0-9]{3}|86[0-3][0-9]{2})(?:\.[0-9]{1,6})?S"
DURATION = f"(?!-P9{{9}}DT)-?P(?:[0-9]{{1,9}}D(?:T{SECONDS})?|T{SECONDS})"
DECIMAL = r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?|Infinity|s?NaN)"
BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
INTEGER = "(?:0|-?[1-9][0-9]*)"
NUMBER = (
    r"-?(?:(?:0|[1-9][0-9]{0,99})(?:\.[0-9]+)?(?:[eE](?:-[0-9]{1,3}|\+?[0-9]{1,2}))?"
    r"|[1-9](?:\.[0-9]+)?[eE]\+?(?:[12][0-9]{2}|30[0-7]))"  # what a double holds
)


def text(pattern: str, **more: Any) -> dict[str, Any]:
    """A string that is all `pattern`."""
    return {"type": "string", "pattern": f"^(?:{pattern})$", **more}


PLAIN: dict[Any, dict[str, Any]] = {
    Any: {},
    object: {},
    None: {"type": "null"},
    type(None): {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
}
"""Types that JSON has a form for, in every SDK."""
TEXTS: dict[Any, dict[str, Any]] = {
    bytes: text(BASE64, contentEncoding="base64"),
    bytearray: text(BASE64, contentEncoding="base64"),
    dt.datetime: text(f"{DATE}T{TIME}"),
    dt.date: text(DATE, format="date"),
    dt.time: text(TIME),
    dt.timedelta: text(DURATION),
    decimal.Decimal: text(DECIMAL),
    uuid.UUID: {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"},
    zoneinfo.ZoneInfo: {"type": "string", "title": "zoneinfo.ZoneInfo"},
}
"""Types that SDKs with msgspec write as texts. A date-time may lack an offset, so its `format` would say too much."""
KEYS: dict[Any, dict[str, Any]] = {int: {"pattern": f"^{INTEGER}$"}, float: {"pattern": f"^{NUMBER}$"}}
"""What the names of an object's members look like where a dict has keys of another type than str."""
LISTS = (list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Collection, collections.abc.Iterable)
SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def input_schema(cls: type) -> dict[str, Any] | None:
    """The JSON Schema of the input of the task class `cls`, None where it cannot be told, as its annotations do not resolve."""
    try:
        return Schemas().task(cls)
    except Exception:  # noqa: BLE001 -- annotations are code of the workflow's
        return None


class Schemas:
    """Makes the schema of one task, and collects what it refers to."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self.names: dict[type, str] = {}
        self.msgspec: Any = optional("msgspec") if optional("tilebox.workflows._serialization") else None
        self.codecs = getattr(optional("tilebox.workflows._codec"), "registry", None)
        self.geo: Any = None

    def task(self, cls: type) -> dict[str, Any]:
        """The schema of a task's input."""
        fields = serialized_fields(cls)
        hints = typing.get_type_hints(cls, include_extras=True)
        if not fields:
            schema = {"type": "null", "$comment": "no input: zero bytes"}
        elif len(fields) > 1:
            schema = self.object_of(cls)
        else:
            kind = hints.get(fields[0].name, fields[0].type)
            message = message_type(without_none(kind))
            schema = wire_bytes(message) if message else {**self.of(kind), **self.default(fields[0])}
        definitions = {"$defs": self.definitions} if self.definitions else {}
        return {"$schema": DIALECT, **schema, **definitions}

    def of(self, kind: Any) -> dict[str, Any]:  # noqa: PLR0911 -- a kind of annotation, a return
        """The schema of values annotated as `kind`."""
        if isinstance(kind, typing.Hashable) and kind in PLAIN:
            return dict(PLAIN[kind])
        if hasattr(kind, "__supertype__"):  # NewType
            return self.of(kind.__supertype__)
        if type(kind).__name__ == "TypeAliasType":
            return self.of(kind.__value__)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self.annotated(self.of(arguments[0]), arguments[1:])
        if origin in (typing.Union, types.UnionType):
            return self.union(arguments)
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        container = self.container(origin or kind, arguments)
        return container if container is not None else self.named(kind)

    def container(self, origin: Any, arguments: tuple[Any, ...]) -> dict[str, Any] | None:
        """The schema of a collection, None where `origin` is none."""
        if origin is tuple:
            return self.tuple_of(arguments)
        if origin in LISTS or (self.msgspec and origin in SETS):
            items = {"items": self.of(arguments[0])} if arguments and self.of(arguments[0]) else {}
            return {"type": "array", **items, **({"uniqueItems": True} if origin in SETS else {})}
        if origin in DICTS:
            return {"type": "object", **(self.members(*arguments) if arguments else {})}
        return None

    def tuple_of(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """The schema of a tuple."""
        if not arguments:
            return {"type": "array"}
        if arguments[-1] is Ellipsis:
            return self.container(list, arguments[:1]) or {}
        if arguments == ((),):
            return {"type": "array", "maxItems": 0}
        count = len(arguments)
        return {
            "type": "array",
            "prefixItems": [self.of(item) for item in arguments],
            "minItems": count,
            "maxItems": count,
            "items": False,
        }

    def members(self, key: Any, value: Any) -> dict[str, Any]:
        """Keywords for the members of an object made from a dict."""
        found: dict[str, Any] = {"additionalProperties": values} if (values := self.of(value)) else {}
        if self.msgspec and key not in (str, Any):
            names = KEYS.get(key) or {name: item for name, item in self.of(key).items() if name in ("enum", "format", "pattern")}
            found |= {"propertyNames": names} if names else {}
        return found

    def union(self, members: tuple[Any, ...]) -> dict[str, Any]:
        """One of several types; null comes last."""
        ordered = sorted(members, key=lambda member: member in (None, type(None)))
        found: list[dict[str, Any]] = []
        for member in ordered:
            schema = self.of(member)
            if schema not in found:
                found.append(schema)
        return found[0] if len(found) == 1 else {"anyOf": found} if {} not in found else {}

    def annotated(self, schema: dict[str, Any], notes: tuple[Any, ...]) -> dict[str, Any]:
        """`schema` with the limits that `msgspec.Meta` sets."""
        size = {"array": "Items", "object": "Properties"}.get(str(schema.get("type")), "Length")
        keywords = {
            "ge": "minimum",
            "gt": "exclusiveMinimum",
            "le": "maximum",
            "lt": "exclusiveMaximum",
            "multiple_of": "multipleOf",
            "pattern": "pattern",
            "min_length": f"min{size}",
            "max_length": f"max{size}",
            "title": "title",
            "description": "description",
        }
        limits = {
            keyword: value
            for note in notes
            if self.msgspec and isinstance(note, self.msgspec.Meta)
            for name, keyword in keywords.items()
            if (value := getattr(note, name, None)) is not None
        }
        return {**schema, **limits}

    def named(self, kind: Any) -> dict[str, Any]:  # noqa: PLR0911 -- a kind of class, a return
        """The schema of a class."""
        if not isinstance(kind, type):
            return opened(kind)
        if message := message_type(kind):
            media = f"application/protobuf; messageType={message}"
            return text(BASE64, contentEncoding="base64", contentMediaType=media, title=message)
        if self.codecs is not None and self.codecs.find(kind) is not None:
            return self.codec(kind)
        if dataclasses.is_dataclass(kind):
            return self.reference(kind)
        if self.msgspec is None:
            return opened(kind)
        if issubclass(kind, enum.Enum):
            return {"enum": [member.value for member in kind], "title": kind.__name__}
        if kind in TEXTS:
            return dict(TEXTS[kind])
        if issubclass(kind, pathlib.PurePath):
            return {"type": "string", "title": f"{kind.__module__.partition('.')[0]}.{kind.__name__}"}
        return self.foreign(kind)

    def codec(self, kind: type) -> dict[str, Any]:
        """The schema of a type that the SDK has a codec for."""
        if self.geo is None:
            path = pathlib.Path(__file__).with_name("schemas_geo.py")
            spec = importlib.util.spec_from_file_location("_hatch_tilebox_schemas_geo", path)
            if spec is None or spec.loader is None:
                return opened(kind)
            self.geo = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(self.geo)
        found = next((schema for base in kind.__mro__ if (schema := self.geo.codec_schema(base))), None)
        return {**found, "title": qualified(kind)} if found else opened(kind)

    def foreign(self, kind: type) -> dict[str, Any]:
        """What msgspec says about a kind of type that only it knows."""
        try:
            (schema,), definitions = self.msgspec.json.schema_components([kind], schema_hook=self.of_foreign_member)
        except (TypeError, ValueError, NotImplementedError):
            return opened(kind)
        for name, definition in definitions.items():
            self.definitions.setdefault(name, definition)
        return dict(schema)

    def of_foreign_member(self, kind: type) -> dict[str, Any]:
        """The schema of a type that msgspec asks for."""
        return opened(kind) if self.codecs is None or self.codecs.find(kind) is None else self.codec(kind)

    def reference(self, cls: type) -> dict[str, Any]:
        """A reference to the definition of a dataclass, which is made on first use."""
        if cls not in self.names:
            name = cls.__name__ if cls.__name__ not in self.names.values() else qualified(cls).replace(".", "_")
            self.names[cls] = name
            self.definitions[name] = {}
            self.definitions[name] = self.object_of(cls)
        return {"$ref": f"#/$defs/{self.names[cls]}"}

    def object_of(self, cls: type) -> dict[str, Any]:
        """The schema of a dataclass."""
        hints = typing.get_type_hints(cls, include_extras=True)
        fields = serialized_fields(cls)
        schema: dict[str, Any] = {
            "type": "object",
            "title": cls.__name__,
            "properties": {field.name: {**self.of(hints.get(field.name, field.type)), **self.default(field)} for field in fields},
        }
        if required := [field.name for field in fields if not has_default(field)]:
            schema["required"] = required
        if self.msgspec is None:  # members that are no field fail there, and are passed over elsewhere
            schema["additionalProperties"] = False
        return schema

    def default(self, field: Any) -> dict[str, Any]:
        """The default of a dataclass's field as a keyword, where there is one that needs no code of the workflow's."""
        if field.default_factory in (list, tuple, set, frozenset):
            return {"default": []}
        if field.default_factory is dict:
            return {"default": {}}
        if field.default is dataclasses.MISSING:
            return {}
        try:
            written = self.msgspec.json.encode(field.default) if self.msgspec else json.dumps(field.default)
            value = json.loads(written)
        except Exception:  # noqa: BLE001 -- whatever the default is
            return {}
        lost = isinstance(field.default, float) and not math.isfinite(field.default)
        return {} if lost else {"default": value}


def optional(name: str) -> Any:
    """The module `name`, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def serialized_fields(cls: Any) -> list[Any]:
    """The fields of a dataclass that become part of the input."""
    return [field for field in dataclasses.fields(cls) if not field.metadata.get("skip_serialization", False)]


def has_default(field: Any) -> bool:
    """Whether a field may be left out."""
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def without_none(kind: Any) -> Any:
    """What an optional or annotated type is about, as the SDK sees it for a single field."""
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
    """The schema of an input that is no JSON."""
    return {"contentMediaType": f"application/protobuf; messageType={message}", "title": message, "$comment": WIRE_BYTES}


def qualified(kind: type) -> str:
    """Module and name of a type."""
    return f"{kind.__module__}.{kind.__qualname__}"


def opened(kind: Any) -> dict[str, Any]:
    """A schema that accepts everything, for a type of which nothing is known but its name."""
    return {"title": qualified(kind) if isinstance(kind, type) else str(kind)}
