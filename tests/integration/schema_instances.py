"""JSON values that an input schema accepts, drawn at random. Part of `schema_properties.py`.

JSON Schema speaks of values and cannot compute. `LEAVES` lists all that it leaves open, each with a strategy for what is valid:

- which texts name a coordinate reference system or a time zone,
- which bytes are a geometry in WKB or a message of protobuf,
- that a ring of positions ends where it begins,
- what a class checks by code of its own, as `Affine` does where the SDK leaves it to msgspec.

Besides, an integer is written without a fraction (JSON Schema takes 1.0 for one, the SDK does not), and a number is one that a
double can hold. Everything else is drawn from the schema alone.
"""

import base64
import json
from zoneinfo import available_timezones

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
floats = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**63), 2**63 - 1)
anything = st.none() | integers | text
durations = st.builds(Duration, seconds=st.integers(-(10**6), 10**6), nanos=st.integers(0, 999_999_999))
timestamps = st.builds(Timestamp, seconds=st.integers(0, 10**9))

MESSAGES = {"google.protobuf.Duration": durations, "google.protobuf.Timestamp": timestamps}
LEAVES = {
    "zoneinfo.ZoneInfo": lambda _: st.sampled_from(sorted(available_timezones())),
    "the last position is the first": lambda schema: arrays({**schema, "description": ""}, {}).map(
        lambda ring: [*ring[:-1], ring[0]]
    ),
}
"""By title, description or media type of the schema."""


def in_base64(values):
    return values.map(lambda value: base64.b64encode(value).decode())


def messages(name):
    """Wire bytes of a message."""
    return MESSAGES[name].map(lambda message: message.SerializeToString())


LEAVES |= {f"application/protobuf; messageType={name}": lambda schema: in_base64(messages(schema["title"])) for name in MESSAGES}


def inputs(schema):
    """Inputs that the schema of a task accepts, but for what `LEAVES` narrows."""
    definitions = {}
    for name, definition in schema.get("$defs", {}).items():  # each strategy is there once, however often it is referred to
        definitions[f"#/$defs/{name}"] = st.deferred(lambda definition=definition: instances(definition, definitions))
    return instances(schema, definitions)


def instances(schema, definitions):
    """JSON values that a part of a schema accepts; `definitions` are strategies for what it refers to."""
    if "$ref" in schema:
        return definitions[schema["$ref"]]
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if "anyOf" in schema:
        return st.one_of([instances(item, definitions) for item in schema["anyOf"]])
    for key in ("title", "description", "contentMediaType"):
        if schema.get(key) in LEAVES:
            return LEAVES[schema[key]](schema)
    assert "contentMediaType" not in schema, "a message without strategy"
    return BY_TYPE[schema.get("type")](schema, definitions)


def arrays(schema, definitions):
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if "prefixItems" in schema:
        items = [instances(item, definitions) for item in schema["prefixItems"]]
        more = st.just([]) if schema.get("items") is False else st.lists(anything, max_size=1)
        shorter = [st.tuples(*items[:count]).map(list) for count in range(least, len(items))]
        return st.one_of([*shorter, st.builds(lambda known, others: [*known, *others], st.tuples(*items), more)])
    unique = json.dumps if schema.get("uniqueItems") else None
    items = instances(schema.get("items", {}), definitions)
    return st.lists(items, min_size=least, max_size=least + 3 if most is None else most, unique_by=unique)


def objects(schema, definitions):
    properties = {name: instances(item, definitions) for name, item in schema.get("properties", {}).items()}
    if properties:
        required = {name: item for name, item in properties.items() if name in schema.get("required", ())}
        others = {name: item for name, item in properties.items() if name not in required}
        known = st.fixed_dictionaries(required, optional=others)
        if schema.get("additionalProperties", True) is False:
            return known
        return st.builds(lambda more, some: {**more, **some}, st.dictionaries(st.just("unknown-"), integers, max_size=1), known)
    rules = schema.get("propertyNames", {})
    names = st.one_of([instances({"type": "string", **rule}, definitions) for rule in rules.get("anyOf", [rules])])
    values = instances(schema.get("additionalProperties", {}), definitions)
    return st.dictionaries(names, values, min_size=schema.get("minProperties", 0), max_size=schema.get("maxProperties", 3))


def strings(schema, _):
    if "pattern" in schema:  # ECMA-262, in which $ is the very end
        return st.from_regex(schema["pattern"], fullmatch=True)
    least = schema.get("minLength", 0)
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=schema.get("maxLength", least + 8))


def whole_numbers(schema, _):
    return st.integers(schema.get("minimum", -(2**70)), schema.get("maximum", schema.get("exclusiveMaximum", 2**70 + 1) - 1))


def numbers(schema, _):
    least = schema.get("minimum")
    small = st.floats(least, allow_nan=False, allow_infinity=False)
    return small | st.integers(-(10**300) if least is None else least, 10**300)


BY_TYPE = {
    None: lambda *_: anything,
    "null": lambda *_: st.none(),
    "boolean": lambda *_: st.booleans(),
    "integer": whole_numbers,
    "number": numbers,
    "string": strings,
    "array": arrays,
    "object": objects,
}
