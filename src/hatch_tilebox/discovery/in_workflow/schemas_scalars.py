"""JSON Schemas of types that are serialized as one value."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import json
import operator
import uuid
import zoneinfo
from typing import Any

MONTH_DAY = (
    "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"  # all but 29 February
)
LEAP_DAY = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29"
DATE = f"(?:(?!0000)[0-9]{{4}}-{MONTH_DAY}|{LEAP_DAY})"
CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
ZONE = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
TIME = rf"{CLOCK}(?:\.[0-9]{{1,6}})?{ZONE}?"
SECONDS = r"(?:[0-7]?[0-9]{1,4}|8[0-5][0-9]{3}|86[0-3][0-9]{2})(?:\.[0-9]{1,6})?S"
DURATION = f"(?!-P9{{9}}DT)-?P(?:[0-9]{{1,9}}D(?:T{SECONDS})?|T{SECONDS})"
DECIMAL = r"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?|Infinity|s?NaN)"
GROUP = "(?:[A-Za-z0-9+/]{4})"
TAILS = ("", "[A-Za-z0-9+/]{2}==", "[A-Za-z0-9+/]{3}=")
BASE64 = f"{GROUP}*(?:{TAILS[1]}|{TAILS[2]})?"
INTEGER = "(?:0|-?[1-9][0-9]*)"
NUMBER = (
    r"-?(?:(?:0|[1-9][0-9]{0,99})(?:\.[0-9]+)?(?:[eE](?:-[0-9]{1,3}|\+?[0-9]{1,2}))?"
    r"|[1-9](?:\.[0-9]+)?[eE]\+?(?:[12][0-9]{2}|30[0-7]))"  # what a double holds
)


def text(pattern: str, **more: Any) -> dict[str, Any]:
    """A string that matches `pattern` as a whole."""
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
"""Types that JSON itself can represent, in every SDK."""
TEXTS: dict[Any, dict[str, Any]] = {
    bytes: text(BASE64, contentEncoding="base64"),
    bytearray: text(BASE64, contentEncoding="base64"),
    memoryview: text(BASE64, contentEncoding="base64"),
    dt.datetime: text(f"{DATE}T{TIME}"),
    dt.date: text(DATE, format="date"),
    dt.time: text(TIME),
    dt.timedelta: text(DURATION),
    decimal.Decimal: text(DECIMAL),
    uuid.UUID: {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"},
    zoneinfo.ZoneInfo: {"type": "string", "title": "zoneinfo.ZoneInfo"},
}
"""Types that SDKs with msgspec write as strings. A date-time may lack an offset, so it does not have a `format`."""
KEYS = {"integer": INTEGER, "number": NUMBER}
NAME_KEYWORDS = ("format", "maxLength", "minLength", "pattern")


def fixed(items: list[dict[str, Any]]) -> dict[str, Any]:
    """An array with these items and no others."""
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items), "items": False}


def enumeration(kind: Any) -> dict[str, Any]:
    """The schema of an enumeration. msgspec reads enumerations of strings and of integers, and combines the flags of a `Flag`."""
    values = [member.value for member in kind]
    if issubclass(kind, enum.IntFlag):
        return {"type": "integer", "minimum": 0, "maximum": 2**63 - 1, "title": kind.__name__}
    if issubclass(kind, enum.Flag):
        every = functools.reduce(operator.or_, values, 0)
        return opened(kind) if every & (every + 1) else {"type": "integer", "minimum": 0, "maximum": every, "title": kind.__name__}
    alike = any(values and all(type(value) is one for value in values) for one in (str, int))
    return {"enum": values, "title": kind.__name__} if alike else opened(kind)


def member_names(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object's member names for a dict with keys of this `schema`."""
    if "anyOf" in schema:
        choices = [member_names(choice) for choice in schema["anyOf"]]
        return {"anyOf": choices} if all(choices) else {}
    if "enum" in schema:
        return {"enum": [value if isinstance(value, str) else json.dumps(value) for value in schema["enum"]]}
    if schema.get("type") in KEYS:
        return {"pattern": f"^{KEYS[schema['type']]}$"}
    return {keyword: value for keyword, value in schema.items() if keyword in NAME_KEYWORDS}


def base64_of(least: int, most: int | None) -> str:
    """A pattern for base64 of `least` to `most` bytes: a group encodes 3 bytes, and the remainder has a form of its own."""
    choices = []
    for left, tail in enumerate(TAILS):
        fewest = max(0, -(-(least - left) // 3))
        highest = None if most is None else (most - left) // 3
        if highest is None or highest >= fewest:
            choices.append(f"{GROUP}{{{fewest},{'' if highest is None else highest}}}{tail}")
    return f"^(?:{'|'.join(choices)})$"


def qualified(kind: type) -> str:
    """Module and name of a type."""
    return f"{kind.__module__}.{kind.__qualname__}"


def opened(kind: Any) -> dict[str, Any]:
    """A schema that accepts everything, for a type of which only the name is known."""
    return {"title": qualified(kind) if isinstance(kind, type) else str(kind)}
