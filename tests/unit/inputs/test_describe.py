"""The description of a schema in words."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from report_samples import CHECK

from hatch_tilebox.discovery.in_workflow.schemas import Schemas
from hatch_tilebox.discovery.in_workflow.schemas_geo import codec_schema
from hatch_tilebox.discovery.in_workflow.schemas_scalars import PLAIN, TEXTS
from hatch_tilebox.inputs.describe import describe_input, example_input, fields_of, protobuf_message, shape_lines, takes_input

POINT = {"type": "object", "title": "Point", "properties": {"x": {"type": "number"}}, "required": ["x"]}
TIMESTAMP = {
    "contentMediaType": "application/protobuf; messageType=google.protobuf.Timestamp",
    "title": "google.protobuf.Timestamp",
}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (None, "unknown"),
        ({"type": "null"}, "none"),
        (TIMESTAMP, "protobuf message google.protobuf.Timestamp"),
        ({"type": "integer", "default": 3}, "integer = 3"),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "number (at least 0, below 1)"),
        ({"type": "array", "items": {"type": "string"}}, "array of string"),
        ({"type": "array"}, "array"),
        ({"type": "array", "items": {"type": "number"}, "minItems": 6, "maxItems": 6}, "array of number (6 items)"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}}, "array of (string or null)"),
        ({"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "items": False}, "[number, string]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"type": "object"}, "object"),
        ({"enum": ["L1C", 2]}, '"L1C" or 2'),
        ({"enum": list(range(9))}, "0 or 1 or 2 or 3 or 4 or 5 or …"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"title": "my.Thing"}, "any value (my.Thing)"),
        ({}, "any value"),
        ({"type": "string", "pattern": "^[A-Z]$"}, "string matching ^[A-Z]$"),
        ({"type": "string", "pattern": "("}, "string matching ("),
        ({"type": "string", "title": "pyproj.crs.CRS", "minLength": 1}, "string (pyproj.crs.CRS)"),
        ({"$ref": "#/$defs/Point", "$defs": {"Point": POINT}}, "Point (x: number)"),
        (
            {
                "type": "object",
                "properties": {"b": {"type": "string"}, "a": {"default": None, "type": "null"}, "c": {"type": "boolean"}},
                "required": ["b"],
            },
            "b: string, a: null = null, c?: boolean",
        ),
    ],
)
def test_one_line(schema, words):
    assert describe_input(schema) == words


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("bytes", "base64 text"),
        ("datetime", "date-time"),
        ("date", "date"),
        ("time", "time"),
        ("timedelta", "duration"),
        ("Decimal", "decimal"),
        ("UUID", "uuid"),
        ("ZoneInfo", "string (zoneinfo.ZoneInfo)"),
    ],
)
def test_texts_of_the_probe_are_told_apart(kind, words):
    schema = next(schema for known, schema in TEXTS.items() if known.__name__ == kind)
    assert describe_input(schema) == words
    if kind != "ZoneInfo":  # a name that is in the database, which a schema cannot say
        Draft202012Validator(schema).validate(example_input(schema))


def test_required_fields_keep_the_order_of_the_author():
    """The canonical form of a manifest sorts all but arrays."""
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in "abc"}, "required": ["c", "a", "b"]}
    assert describe_input(schema) == "c: string, a: string, b: string"


def test_several_lines_name_the_types_that_are_used():
    schema = {
        "type": "object",
        "properties": {"points": {"type": "array", "items": {"$ref": "#/$defs/Point"}}, "name": {"type": "string", "default": "x"}},
        "required": ["points"],
        "$defs": {"Point": POINT},
    }
    assert shape_lines(schema) == ["points  array of Point", 'name    string = "x"', "Point:", "  x  number"]


def test_several_lines_of_a_single_field():
    schema = {"$ref": "#/$defs/Line", "$defs": {"Line": {**POINT, "properties": {"a": {"$ref": "#/$defs/Point"}}}, "Point": POINT}}
    schema["$defs"]["Line"]["required"] = ["a"]
    assert shape_lines(schema) == ["a  Point", "Point:", "  x  number"]
    assert shape_lines({"type": "integer", "default": 3}) == ["integer = 3"]


def test_long_defaults_are_cut():
    assert len(describe_input({"type": "array", "default": list(range(100))})) < 60


def test_fields_have_places_values_and_defaults():
    assert [(field.path, field.words, field.required) for field in fields_of(CHECK)] == [
        ("scenes", "array of Scene", True),
        ("scenes[].scene_id", "string", True),
        ("scenes[].level", '"L1C" or "L2A" = "L1C"', False),
        ("limit", "integer (at least 1)", True),
        ("max_cloud_cover", "number = 0.3", False),
        ("note", "string or null = null", False),
        ("dry_run", "boolean = false", False),
    ]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (None, ["unknown"]),
        ({"type": "null"}, []),
        ({"type": "number", "default": 1}, ["number = 1"]),
        ({"contentMediaType": "application/protobuf", "title": "Time"}, ["protobuf message Time"]),
        ({"type": "object", "properties": 3}, ["unknown"]),
    ],
)
def test_inputs_that_are_not_objects(schema, words):
    assert [field.words for field in fields_of(schema)] == words


def test_a_schema_that_refers_to_itself_ends():
    node = {"type": "object", "properties": {name: {"$ref": "#/$defs/Node"} for name in "abcdefgh"}}
    assert len(fields_of({"$ref": "#/$defs/Node", "$defs": {"Node": node}})) == 200


def test_what_is_no_input_or_no_json():
    assert not takes_input({"type": "null"})
    assert takes_input(None)
    assert takes_input({"type": "string"})
    assert protobuf_message(TIMESTAMP) == "google.protobuf.Timestamp"
    assert protobuf_message({"type": "string", **TIMESTAMP}) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": []},
        {"properties": {"a": {"$ref": "#/$defs/a"}}, "required": 3},
        {"anyOf": 5},
        {"type": "array", "items": {"type": []}},
        {"$ref": "#/$defs/missing"},
        {"type": {"type": "string"}},
        {"type": "array", "prefixItems": 4},
    ],
)
def test_nonsense_is_said_to_be_unknown(schema):
    """A release from elsewhere may hold anything."""
    assert isinstance(describe_input(schema), str)
    assert all(isinstance(line, str) for line in shape_lines(schema))


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "tilebox.datasets.query.TimeInterval",
            [
                "TimeInterval or OlderTimeInterval",
                "TimeInterval:",
                "  start_time        date-time",
                "  end_time          date-time",
                "  start_exclusive?  boolean",
                "  end_inclusive?    boolean",
                "OlderTimeInterval:",
                "  start             string (date and time)",
                "  end               string (date and time)",
                "  start_exclusive?  boolean",
                "  end_inclusive?    boolean",
            ],
        ),
        (
            "tilebox.datasets.query.IDInterval",
            [
                "start_id?         object with uuid in base64",
                "end_id?           object with uuid in base64",
                "start_exclusive?  boolean",
                "end_inclusive?    boolean",
            ],
        ),
        (
            "odc.geo.geom.Geometry",
            [
                "geometry  GeoJSON",
                "crs       string (authority code such as EPSG:4326, or WKT) or null",
                "GeoJSON:",
                "  Point or LineString or Polygon or MultiPoint or MultiLineString or MultiPolygon",
            ],
        ),
    ],
)
def test_types_with_a_codec_are_shown_by_their_members(name, lines):
    module, _, title = name.rpartition(".")
    maker = Schemas()
    schema = codec_schema(type(title, (), {"__module__": module}), maker.defined)
    schema = {**schema, "$defs": maker.definitions}
    assert shape_lines(schema) == lines
    Draft202012Validator(schema).validate(example_input(schema))


def test_names_cannot_reach_the_terminal():
    assert "\x1b" not in describe_input({"type": "object", "properties": {"a\x1b[2J": {"type": "string"}}})


plain = st.sampled_from([schema for schema in PLAIN.values() if schema] + [dict(schema) for schema in TEXTS.values()])
limited = st.builds(
    lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span}, st.integers(-9, 9), st.integers(0, 9)
)
schemas = st.recursive(
    plain | limited | st.just({"$ref": "#/$defs/Point"}),
    lambda inner: (
        inner.map(lambda item: {"type": "array", "items": item})
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda items: {
                "type": "array",
                "prefixItems": items,
                "minItems": len(items),
                "maxItems": len(items),
                "items": False,
            }
        )
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": [*parts, {"type": "null"}]})
        | inner.map(lambda value: {"type": "object", "additionalProperties": value})
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
            lambda fields: {"type": "object", "title": "T", "properties": fields, "required": sorted(fields)[:1]}
        )
    ),
    max_leaves=8,
)


@given(schemas)
def test_examples_fit(schema):
    schema = {**schema, "$defs": {"Point": POINT}}
    Draft202012Validator(schema).validate(example_input(schema))
    assert "\n" not in describe_input(schema)
    assert describe_input(schema) not in {"", "unknown"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda v: (
            st.lists(v)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "properties", "items", "anyOf", "$ref", "$defs", "required", "enum", "string", "object", "default"]
                ),
                v,
            )
        ),
    )
)
def test_any_json_is_survived(value):
    schema = value if isinstance(value, dict) else {"items": value}
    assert isinstance(describe_input(schema), str)
    assert isinstance(shape_lines(schema), list)
    with contextlib.suppress(ValueError):
        json.dumps(example_input(schema))
