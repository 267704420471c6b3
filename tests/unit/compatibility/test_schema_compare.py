"""Does a schema accept all that another one accepts?"""

from __future__ import annotations

import itertools
import json

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hatch_tilebox.compatibility.schema_compare import compare_schemas

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
STRING = {"type": "string"}
NULL = {"type": "null"}


def scene(required, **properties):
    return {"type": "object", "properties": properties, "required": required}


def tree(value):
    children = {"type": "array", "items": {"$ref": "#/$defs/Tile"}}
    return {"$ref": "#/$defs/Tile", "$defs": {"Tile": scene(["value"], value=value, tiles=children)}}


def pair(*items):
    return {"type": "array", "minItems": len(items), "maxItems": len(items), "prefixItems": list(items), "items": False}


def tagged(kind, **properties):
    return scene(["type", *properties], type={"enum": [kind]}, **properties)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (INTEGER, NUMBER),
        (STRING, {}),
        (STRING, {"anyOf": [STRING, NULL]}),
        (STRING, {"type": ["null", "string"]}),
        ({"anyOf": [INTEGER, NULL]}, {"anyOf": [NULL, NUMBER]}),
        ({"enum": ["a", "b"]}, {"enum": ["b", "c", "a"]}),
        ({"enum": ["a"]}, STRING),
        ({"const": 1}, {"enum": [1.0]}),
        ({"type": "boolean"}, {"enum": [True, False]}),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
        ({"type": "integer", "minimum": 1, "maximum": 3}, {"anyOf": [{"type": "integer", "maximum": 1}, {"enum": [2, 3]}]}),
        ({"type": "integer", "multipleOf": 4}, {"type": "integer", "multipleOf": 2}),
        ({**STRING, "minLength": 3}, {**STRING, "minLength": 2}),
        ({**STRING, "pattern": "^S2"}, {**STRING, "pattern": "^S2"}),
        ({**STRING, "format": "uuid"}, STRING),
        ({"type": "array", "items": INTEGER}, {"type": "array", "items": NUMBER}),
        (pair(INTEGER, STRING), {"type": "array", "items": {"anyOf": [NUMBER, STRING]}}),
        ({"type": "array", "items": INTEGER, "uniqueItems": True}, {"type": "array", "items": INTEGER}),
        (scene(["a"], a=STRING), scene(["a"], a=STRING, b={**NUMBER, "default": 1})),
        (scene(["a", "b"], a=STRING, b=STRING), scene(["a"], a=STRING)),
        (scene(["a"], a=INTEGER), {"type": "object", "additionalProperties": NUMBER}),
        ({"type": "object", "additionalProperties": INTEGER}, {"type": "object"}),
        (tree(INTEGER), tree(NUMBER)),
        ({"anyOf": [tagged("A", x=INTEGER), tagged("B")]}, {"anyOf": [tagged("B"), tagged("C"), tagged("A", x=NUMBER)]}),
        ({"$ref": "#/$defs/S", "default": "a", "$defs": {"S": STRING}}, STRING),
        ({"not": STRING, "type": "integer"}, {"not": STRING, "type": "number"}),
        (False, STRING),
        ({"title": "scenes.Scene"}, {"title": "scenes.Scene"}),
        ({"title": "scenes.Scene"}, {}),
        ({"type": "null", "$comment": "no input"}, {"type": "null"}),
    ],
)
def test_wider_schemas_are_accepted(old, new):
    assert compare_schemas(old, new) == ()


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (STRING, INTEGER, "input: string -> integer"),
        (NUMBER, INTEGER, "input: number -> integer"),
        ({"type": "boolean"}, INTEGER, "input: boolean -> integer"),
        (scene(["scene_id"], scene_id=STRING), scene(["scene_id"], scene_id=INTEGER), "scene_id: string -> integer"),
        (scene(["a"], a=STRING), scene(["a", "cloud_cover"], a=STRING, cloud_cover=NUMBER), "cloud_cover: new and without default"),
        (scene([], a=STRING), scene(["a"], a=STRING), "a: required now, was optional"),
        (scene(["a"], a=STRING), {"type": "object", "additionalProperties": False}, "a: removed, and no other names are accepted"),
        (scene([], a={"anyOf": [INTEGER, NULL]}), scene([], a=INTEGER), "a: integer or null -> integer"),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, 'input: no longer accepts "b"'),
        (STRING, {"enum": ["a"]}, 'input: string -> "a"'),
        (INTEGER, {**INTEGER, "minimum": 0}, "input: minimum none -> 0"),
        ({**NUMBER, "maximum": 1}, {**NUMBER, "exclusiveMaximum": 1}, "input: maximum 1 -> 1 (excluded)"),
        ({**STRING, "maxLength": 9}, {**STRING, "maxLength": 8}, "input: maxLength 9 -> 8"),
        (STRING, {**STRING, "format": "uuid"}, "input: string -> string (uuid)"),
        (STRING, {**STRING, "pattern": "^S2"}, "input: must match '^S2' now"),
        ({**STRING, "minLength": 2}, {**STRING, "pattern": "^" + "[0-9]" * 20}, f"input: must match '^{'[0-9]' * 7}[0-9...' now"),
        ({"type": "array", "items": INTEGER}, {"type": "array", "items": STRING}, "[]: integer -> string"),
        ({"type": "array"}, {"type": "array", "uniqueItems": True}, "input: items must be unique now"),
        (pair(INTEGER, STRING), pair(INTEGER, INTEGER), "[1]: string -> integer"),
        (pair(INTEGER), pair(INTEGER, INTEGER), "input: minItems 1 -> 2"),
        (
            {"type": "object", "additionalProperties": NUMBER},
            {"type": "object", "additionalProperties": STRING},
            "*: number -> string",
        ),
        (scene([], a=STRING), {"type": "object", "propertyNames": {"maxLength": 0}}, 'names in input: no longer accepts "a"'),
        (scene([], a=scene([], b=STRING)), scene([], a=scene([], b=INTEGER)), "a.b: string -> integer"),
        (tree(INTEGER), tree(STRING), "value: integer -> string"),
        ({"anyOf": [tagged("A", x=INTEGER), tagged("B")]}, {"anyOf": [tagged("A", x=STRING), tagged("B")]}, "x: integer -> string"),
        ({"anyOf": [tagged("A"), tagged("B")]}, {"anyOf": [tagged("A")]}, 'type: no longer accepts "B"'),
    ],
)
def test_narrower_schemas_say_what_they_refuse(old, new, text):
    found = compare_schemas(old, new)
    assert text in [finding.text for finding in found]
    assert all(finding.certain for finding in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({**STRING, "pattern": "^S"}, {**STRING, "pattern": "^S2"}),
        (STRING, {**STRING, "pattern": ""}),
        (STRING, {**STRING, "pattern": "("}),
        (STRING, {"title": "scenes.Scene"}),
        ({"title": "scenes.Scene"}, {"title": "scenes.Product"}),
        (STRING, {"contentMediaType": "application/protobuf; messageType=scenes.Scene"}),
        ({"contentMediaType": "application/protobuf; messageType=scenes.Scene"}, STRING),
        (INTEGER, {**INTEGER, "not": {"const": 1}}),
        ({**INTEGER, "not": {"const": 1}}, STRING),
        (INTEGER, {"$ref": "#/$defs/Missing"}),
        (INTEGER, {"$ref": "https://example.com/schema"}),
        (INTEGER, {"$ref": "#"}),
        (INTEGER, {"allOf": [INTEGER]}),
        (INTEGER, {"type": "integer", "minimum": "0"}),
        (NUMBER, {**NUMBER, "multipleOf": 0.1}),
        (NUMBER, {"anyOf": [{**NUMBER, "minimum": 0}, {**NUMBER, "maximum": 0}]}),
        ({"enum": [[1]]}, {"type": "array", "items": INTEGER}),
        (
            {"type": "object", "patternProperties": {"a": STRING}},
            {"type": "object", "patternProperties": {"a": STRING}, "minProperties": 0},
        ),
    ],
)
def test_what_cannot_be_told_is_not_called_accepted(old, new):
    found = compare_schemas(old, new)
    assert found
    assert not any(finding.certain for finding in found)


@pytest.mark.parametrize(("old", "new"), [(0, False), (1, True), (True, 1), ([0], [False])])
def test_python_takes_for_equal_what_json_does_not(old, new):
    """Found by the property test below."""
    assert compare_schemas({"enum": [old]}, {"enum": [new]})
    assert not compare_schemas({"enum": [1]}, {"enum": [1.0]})


def test_hostile_schemas_end_in_doubt():
    deep = {"type": "array"}
    for _ in range(300):
        deep = {"type": "array", "items": deep}
    assert not compare_schemas(deep, {"type": "array", "items": deep})[0].certain
    nested = [0]
    for _ in range(100):
        nested = [nested, '"']
    assert compare_schemas({"enum": [nested]}, {"enum": [[nested]]})[0].certain
    bushy = {"type": "null"}
    for _ in range(12):
        bushy = {"anyOf": [{"type": "array", "items": bushy}] * 3}
    assert not compare_schemas(bushy, {**bushy, "title": "other"})[0].certain
    for last in (False, STRING):
        endless = {f"T{i}": {"anyOf": [{"$ref": f"#/$defs/T{i + 1}"}] * 2} for i in range(30)} | {"T30": last}
        assert not compare_schemas(STRING, {"$ref": "#/$defs/T0", "$defs": endless})[0].certain


# The schemas that msgspec writes for a task's input, in small.
LIMITS = st.integers(-2, 3)
NAMES = ("a", "b", "c")


def numbers(kind):
    keys = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return st.dictionaries(st.sampled_from(keys), LIMITS, max_size=2).map(lambda limits: {"type": kind, **limits})


STRINGS = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={"minLength": st.integers(0, 2), "maxLength": st.integers(1, 3), "pattern": st.sampled_from(["^a", "b"])},
)
VALUES = st.sampled_from([None, True, False, 0, 1, 1.0, 1.5, -1, "", "a", "ab"])
SCALARS = st.one_of(
    st.sampled_from([{}, {"type": "null"}, {"type": "boolean"}, {"type": ["string", "null"]}, {"$ref": "#/$defs/D"}]),
    numbers("integer"),
    numbers("number"),
    STRINGS,
    st.lists(VALUES, min_size=1, max_size=3).map(lambda values: {"enum": values}),
)


def containers(inner):
    objects = st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={
            "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
            "required": st.lists(st.sampled_from(NAMES), unique=True, max_size=2),
            "additionalProperties": st.one_of(st.booleans(), inner),
            "propertyNames": STRINGS,
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(0, 3),
        },
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={
            "items": st.one_of(inner, st.just(False)),
            "prefixItems": st.lists(inner, max_size=2),
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 3),
            "uniqueItems": st.booleans(),
        },
    )
    unions = st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts})
    return st.one_of(objects, arrays, unions)


SCHEMAS = st.recursive(SCALARS, containers, max_leaves=6)
DOCUMENTS = st.builds(lambda schema, definition: {**schema, "$defs": {"D": definition}}, SCHEMAS, SCHEMAS)
EXAMPLES = [None, True, False, -3, -2, -1, 0, 1, 2, 3, 4, 0.5, 1.5, -1.5, 1.0, "", "a", "b", "ab", "abc", "abcd", "bb"]


def examples(schema, root, depth=0):
    """Values to try: some that the schema accepts, if it accepts any, and their neighbours."""
    if depth > 3 or not isinstance(schema, dict):
        return EXAMPLES[:6]
    if "$ref" in schema:
        return examples(root["$defs"]["D"], root, depth + 1)
    if "anyOf" in schema:
        return [value for part in schema["anyOf"] for value in examples(part, root, depth + 1)]
    if schema.get("type") == "array":
        pools = [examples(item, root, depth + 1)[:6] for item in schema.get("prefixItems", [])]
        pool = examples(schema.get("items", {}), root, depth + 1)[:6]
        return [list(items) for size in range(4) for items in itertools.islice(itertools.product(*(pools + [pool] * 4)[:size]), 40)]
    if schema.get("type") == "object":
        others = schema.get("additionalProperties", "properties" not in schema)
        pools = {name: examples(item, root, depth + 1)[:5] for name, item in schema.get("properties", {}).items()}
        if others is not False:
            pools |= {name: examples(others, root, depth + 1)[:5] for name in NAMES if name not in pools}
        names = [subset for size in range(len(pools) + 1) for subset in itertools.combinations(sorted(pools), size)]
        return [
            dict(zip(subset, values, strict=True))
            for subset in names
            for values in itertools.islice(itertools.product(*(pools[name] for name in subset)), 25)
        ]
    return [*schema.get("enum", ()), *EXAMPLES]


def closed(schema):
    """The schema as the comparison reads an old one: an object with declared properties has no others."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: value if key in {"enum", "required"} else closed(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        result.setdefault("additionalProperties", False)
    return result


def has_loop(document):
    """A definition that is its own alternative says nothing, and validators recurse on it for good."""
    return '"$ref"' in json.dumps(document["$defs"])


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.data())
def test_no_schema_called_accepted_has_a_counterexample(data):
    old = data.draw(DOCUMENTS.filter(lambda document: not has_loop(document)))
    relative = st.just(old) | mutations(old)
    new = data.draw(relative | DOCUMENTS.filter(lambda document: not has_loop(document)))
    found = compare_schemas(old, new)
    if found:
        return
    before, after = (jsonschema.Draft202012Validator(schema) for schema in (closed(old), new))
    for value in examples(old, old):
        if before.is_valid(value):
            assert after.is_valid(value), value


def mutations(document):
    """The document with one thing changed somewhere: most of these are near the border."""
    paths = list(_paths(document))
    return st.builds(_replaced, st.just(document), st.sampled_from(paths), SCALARS | SCHEMAS, st.booleans())


def _paths(node, path=()):
    if isinstance(node, dict) and "enum" not in path and "required" not in path:
        for key, value in node.items():
            if key == "properties":
                for name, item in value.items():
                    yield from _paths(item, (*path, key, name))
            elif key in {"items", "additionalProperties", "propertyNames"}:
                yield from _paths(value, (*path, key))
            elif key in {"anyOf", "prefixItems"}:
                for index, item in enumerate(value):
                    yield from _paths(item, (*path, key, index))
        yield path


def _replaced(document, path, other, union):
    if not path:
        return {
            **({"anyOf": [{key: value for key, value in document.items() if key != "$defs"}, other]} if union else other),
            "$defs": document["$defs"],
        }
    result = json.loads(json.dumps(document))
    node = result
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = {"anyOf": [node[path[-1]], other]} if union else other
    return result


def test_the_words_for_a_malformed_part_are_unknown():
    old = {"type": "object", "properties": {"a": {"type": "array", "items": {"anyOf": 3}}}, "required": ["a"]}
    (change,) = compare_schemas(old, {**old, "properties": {"a": {"type": "string"}}})
    assert change.text == "a: unknown -> string"
