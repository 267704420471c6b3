"""Inputs as `field=value`, in the types of the task's schema."""

from __future__ import annotations

import contextlib
import json

import pytest

from hatch_tilebox.core.errors import RunError
from hatch_tilebox.core.model import Task
from hatch_tilebox.inputs.encode import encode_input
from hatch_tilebox.inputs.fields import encode_fields

SCENE = {
    "type": "object",
    "properties": {
        "scene_id": {"type": "string"},
        "cloud_cover": {"type": "number"},
        "tries": {"type": "integer"},
        "force": {"type": "boolean"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "limit": {"type": ["integer", "null"]},
        "level": {"$ref": "#/$defs/Level"},
        "priority": {"enum": [1, 2, "high"]},
        "day": {"type": "string", "format": "date"},
        "bands": {"type": "array", "items": {"type": "string"}},
        "box": {"anyOf": [{"$ref": "#/$defs/Box"}, {"type": "null"}]},
        "weights": {"type": "object", "additionalProperties": {"type": "number"}},
        "anything": {},
        "a.b": {"type": "integer"},
    },
    "$defs": {
        "Level": {"enum": ["L1C", "L2A"]},
        "Box": {"type": "object", "properties": {"west": {"type": "number"}, "name": {"type": "string"}}},
    },
}
WIRE = {"contentMediaType": "application/protobuf; messageType=a.B", "title": "a.B"}


def task(schema):
    return Task("tests.Check", "v1.2", schema)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scene_id=S2A", "S2A"),
        ("scene_id=12", "12"),
        ("scene_id=", ""),
        ("scene_id=a=b", "a=b"),
        ("cloud_cover=0.1", 0.1),
        ("cloud_cover=1", 1),
        ("tries=-3", -3),
        ("force=true", True),
        ("force=False", False),
        ("note=null", None),
        ("note=7", "7"),
        ("limit=7", 7),
        ("limit=null", None),
        ("level=L2A", "L2A"),
        ("priority=2", 2),
        ("priority=high", "high"),
        ("day=2026-01-31", "2026-01-31"),
        ('bands=["B02"]', ["B02"]),
        ('box={"west": 1}', {"west": 1}),
        ("box=null", None),
        ("anything=text", "text"),
        ("anything=[1]", [1]),
        ("a.b=1", 1),
    ],
)
def test_values_get_the_type_of_their_field(field, value):
    name = field.partition("=")[0]
    data, warnings = encode_input(task(SCENE), encode_fields(task(SCENE), [field]))
    assert json.loads(data) == {name: value}
    assert type(json.loads(data)[name]) is type(value)
    assert not warnings


def test_fields_of_fields():
    data = encode_fields(task(SCENE), ["box.west=1.5", "box.name=5", "weights.a.b=1", "scene_id=x"])
    assert json.loads(data) == {"box": {"west": 1.5, "name": "5"}, "weights": {"a.b": 1}, "scene_id": "x"}


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("cloud_cover=much", 'cloud_cover: expected number, got "much"'),
        ("cloud_cover=NaN", 'cloud_cover: expected number, got "NaN"'),
        ("tries=1.5", 'tries: expected integer, got "1.5"'),
        ("force=yes", 'force: expected boolean, got "yes"'),
        ("bands=B02", "bands: expected"),
        ("level=L3", "level: expected"),
        ("box.west=w", 'box.west: expected number, got "w"'),
        ("limit=x", "limit: expected"),
    ],
)
def test_a_wrong_value_is_shown_with_its_field_and_type(field, fault):
    given = encode_fields(task(SCENE), [field])
    with pytest.raises(RunError) as caught:
        encode_input(task(SCENE), given)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "fields", "message"),
    [
        (SCENE, ["scene=1"], "tests.Check v1.2 has no field 'scene'\n  hint: did you mean 'scene_id'?"),
        (SCENE, ["zzz=1"], "has no field 'zzz'\n  hint: it has scene_id, cloud_cover"),
        (SCENE, ["box.wets=1"], "has no field 'box.wets'\n  hint: did you mean 'box.west'?"),
        (SCENE, ["tries.x=1"], "has no field 'tries.x'"),
        (SCENE, ["tries=1", "tries=2"], "the field 'tries' is given twice"),
        (SCENE, ["box=null", "box.west=1"], "the field 'box.west' is given together with 'box'"),
        ({"type": "null"}, ["x=1"], "tests.Check v1.2 takes no input, but 'x=1' is given\n  hint: remove 'x=1'"),
        ({"type": "string"}, ["x=1"], "the input of tests.Check v1.2 does not have fields\n  hint: give the value with --input"),
        (WIRE, ["x=1"], "takes the protobuf message a.B"),
    ],
)
def test_fields_that_the_input_does_not_have(schema, fields, message):
    with pytest.raises(RunError) as caught:
        encode_fields(task(schema), fields)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"anyOf": 3},
        {"type": 3},
        {"type": "object", "properties": []},
        {"type": "object", "properties": {"x": 3}},
        {"properties": {"x": {"enum": None, "type": [[]]}}},
        {"$defs": []},
        {"properties": {"x": {"anyOf": [{"$ref": 3}, None]}}},
    ],
)
def test_a_malformed_schema_causes_no_other_error(schema):
    with contextlib.suppress(RunError):
        encode_fields(task(schema), ["x=1"])


def test_without_a_schema_values_are_json_or_text():
    assert json.loads(encode_fields(task(None), ["a=1", "b=x", "c.d=null"])) == {"a": 1, "b": "x", "c": {"d": None}}
