"""Classes that are serialized member by member.

These are dataclasses, and for SDKs with `msgspec` also `Struct`, `TypedDict`, `NamedTuple` and attrs classes, including generic
ones.
"""

from __future__ import annotations

import collections
import dataclasses
import inspect
import typing
from typing import Any

MISSING = dataclasses.MISSING
WRAPPERS = {"Required": True, "NotRequired": False}


@dataclasses.dataclass(frozen=True)
class Member:
    """One member, with its serialized name."""

    name: str
    kind: Any
    required: bool
    default: Any
    factory: Any


@dataclasses.dataclass(frozen=True)
class Record:
    """The members of a class.

    `seen` is whether the SDK itself looks at each member, `closed` whether it refuses other members.
    """

    members: tuple[Member, ...]
    seen: bool = False
    closed: bool = False
    array: bool = False
    tag: tuple[str, Any] | None = None


def record_of(kind: Any, msgspec: Any) -> Record | None:
    """The record of a class, or of a generic class with its arguments. None if `kind` does not have members."""
    cls = typing.get_origin(kind) or kind
    if not isinstance(cls, type) or (msgspec is None and not dataclasses.is_dataclass(kind)):
        return None
    if dataclasses.is_dataclass(cls):
        # SDKs without msgspec fail on unknown members, the others ignore them.
        return Record(members_of_dataclass(kind), seen=cls is kind, closed=msgspec is None)
    if issubclass(cls, msgspec.Struct):
        return struct(kind, msgspec)
    if issubclass(cls, dict) and hasattr(cls, "__required_keys__"):
        return Record(members_of_typed_dict(kind))
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return Record(members_of_named_tuple(kind), closed=True, array=True)
    return attrs_class(kind) if hasattr(cls, "__attrs_attrs__") else None


def members_of_dataclass(kind: Any) -> tuple[Member, ...]:
    """The fields of a dataclass that become part of the input."""
    hints = hints_of(kind)
    return tuple(
        member(field.name, hints.get(field.name, field.type), field.default, field.default_factory)
        for field in dataclasses.fields(typing.get_origin(kind) or kind)
        if not field.metadata.get("skip_serialization", False)
    )


def struct(kind: Any, msgspec: Any) -> Record:
    """A `msgspec.Struct`."""
    config = (typing.get_origin(kind) or kind).__struct_config__
    members = tuple(
        member(
            field.encode_name,
            field.type,
            MISSING if field.default is msgspec.NODEFAULT else field.default,
            MISSING if field.default_factory is msgspec.NODEFAULT else field.default_factory,
        )
        for field in msgspec.structs.fields(kind)
    )
    tag = None if config.tag is None else (config.tag_field, config.tag)
    return Record(members, closed=config.forbid_unknown_fields, array=config.array_like, tag=tag)


def members_of_typed_dict(kind: Any) -> tuple[Member, ...]:
    """The keys of a `TypedDict`. Python's `__required_keys__` is wrong for annotations that are strings."""
    required = (typing.get_origin(kind) or kind).__required_keys__
    found = []
    for name, hint in hints_of(kind).items():
        wrapped = WRAPPERS.get(getattr(typing.get_origin(hint), "_name", None) or "")
        found.append(Member(name, hint, name in required if wrapped is None else wrapped, MISSING, MISSING))
    return tuple(found)


def members_of_named_tuple(kind: Any) -> tuple[Member, ...]:
    """The items of a named tuple."""
    cls = typing.get_origin(kind) or kind
    hints = hints_of(kind)
    return tuple(member(name, hints.get(name, Any), cls._field_defaults.get(name, MISSING)) for name in cls._fields)


def attrs_class(kind: Any) -> Record | None:
    """An attrs class; None if it has attributes without annotation, which msgspec cannot read."""
    hints = hints_of(kind)
    found = []
    for attribute in (typing.get_origin(kind) or kind).__attrs_attrs__:
        if attribute.name not in hints:
            return None
        factory = getattr(attribute.default, "factory", MISSING)
        bare = factory is not MISSING or type(attribute.default).__name__ == "_Nothing"
        found.append(member(attribute.name, hints[attribute.name], MISSING if bare else attribute.default, factory))
    return Record(tuple(found))


def member(name: str, kind: Any, default: Any, factory: Any = MISSING) -> Member:
    """A member, required if it does not have a default."""
    return Member(name, kind, default is MISSING and factory is MISSING, default, factory)


def hints_of(kind: Any) -> dict[str, Any]:
    """The annotations of a class and its bases, with the arguments of generic ones filled in."""
    cls = typing.get_origin(kind) or kind
    arguments: dict[Any, dict[Any, Any]] = collections.defaultdict(dict)
    arguments[cls] = dict(zip(getattr(cls, "__parameters__", ()), typing.get_args(kind), strict=False))
    owners: dict[str, Any] = {}
    for base in cls.__mro__:
        for alias in vars(base).get("__orig_bases__", ()):
            if (origin := typing.get_origin(alias)) in cls.__mro__ and origin is not typing.Generic:
                filled = typing.get_args(fill(alias, arguments[base]))
                arguments[origin] = dict(zip(origin.__parameters__, filled, strict=False))
        for name in inspect.get_annotations(base):
            owners.setdefault(name, base)
    hints = typing.get_type_hints(cls, include_extras=True)
    return {name: fill(hint, arguments[owners.get(name)]) for name, hint in hints.items()}


def fill(hint: Any, arguments: dict[Any, Any]) -> Any:
    """`hint` with type variables replaced."""
    if isinstance(hint, typing.TypeVar):
        return arguments.get(hint, hint)
    parameters = () if isinstance(hint, type) and typing.get_origin(hint) is None else getattr(hint, "__parameters__", ())
    return hint[tuple(arguments.get(name, name) for name in parameters)] if parameters else hint
