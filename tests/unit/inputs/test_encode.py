"""Parsing an input, and the message for an input that does not match."""

from __future__ import annotations

import json
import shlex

import pytest

from hatch_tilebox.core.errors import RunError
from hatch_tilebox.core.model import Task
from hatch_tilebox.inputs.encode import encode_input

SCENE = {
    "type": "object",
    "title": "Scene",
    "properties": {
        "scene_id": {"type": "string"},
        "cover": {"type": "number"},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}, "default": []},
        "level": {"anyOf": [{"enum": ["L1C", "L2A"]}, {"type": "null"}], "default": None},
    },
    "required": ["scene_id", "cover"],
    "$defs": {"Tag": {"type": "object", "title": "Tag", "properties": {"key": {"type": "string"}}, "required": ["key"]}},
}
WIRE = {"contentMediaType": "application/protobuf; messageType=a.B", "title": "a.B"}


def task(schema):
    return Task("tests.Check", "v1.2", schema)


@pytest.mark.parametrize(
    ("schema", "given", "data"),
    [
        ({"type": "string"}, b"hello", b'"hello"'),
        ({"type": "string"}, b'"hello"', b'"hello"'),
        ({"type": "string"}, b"hello\n", b'"hello"'),
        ({"type": "string"}, b" two words ", b'" two words "'),
        ({"type": "string"}, "Zürich".encode(), '"Zürich"'.encode()),
        ({"type": "number"}, b" 1.10\n", b"1.10"),
        ({"type": "string"}, b"NaN", b'"NaN"'),
        ({"type": "number"}, b"\xef\xbb\xbf7", b"7"),
        (SCENE, b'{"scene_id": "a",  "cover": 1}', b'{"scene_id": "a",  "cover": 1}'),
        ({"type": "null"}, None, b""),
        ({"type": "null"}, b"null", b""),
        (None, None, b""),
        (None, b"anything", b'"anything"'),
        (WIRE, b"\x08\xff\n", b"\x08\xff\n"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, b"null", b"null"),
    ],
)
def test_inputs_follow_the_habits_of_the_official_tool(schema, given, data):
    assert encode_input(task(schema), given) == (data, ())


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (b"{}", ["scene_id is missing", "cover is missing"]),
        (b'{"scene_id": 5, "cover": "x"}', ["scene_id: expected string, got 5", 'cover: expected number, got "x"']),
        (b'{"scene_id": "a", "cover": 1, "tags": [{"key": "a"}, {}]}', ["tags[1].key is missing"]),
        (b'{"scene_id": "a", "cover": 1, "tags": [3]}', ["tags[0]: expected Tag, got 3"]),
        (b'{"scene_id": "a", "cover": 1, "level": "L9"}', ['expected "L1C" or "L2A"']),
        (b"[1]", ["the input: expected object, got [1]"]),
        (b'{"scene_id": "a"', ["it is not valid JSON", "line 1 column 17", "so it is taken as a string"]),
    ],
)
def test_a_mistake_names_the_place_and_shows_the_shape(given, faults):
    with pytest.raises(RunError) as caught:
        encode_input(task(SCENE), given)
    (problem,) = caught.value.problems
    assert problem.message == "tests.Check v1.2 does not accept this input"
    for fault in faults:
        assert fault in problem.details
    assert "cover     number" in problem.hint
    example = shlex.split(problem.hint.rpartition("--input ")[2])[0]
    assert encode_input(task(SCENE), example.encode())[0] == example.encode()


def test_many_faults_are_cut_short():
    schema = {"type": "array", "items": {"type": "integer"}}
    with pytest.raises(RunError, match="and 15 more"):
        encode_input(task(schema), json.dumps(["x" * i for i in range(25)]).encode())


def test_long_values_are_cut_short():
    with pytest.raises(RunError) as caught:
        encode_input(task({"type": "integer"}), b'"' + b"x" * 1000 + b'"')
    assert len(caught.value.problems[0].message) < 200


@pytest.mark.parametrize(
    ("schema", "given", "message"),
    [
        (SCENE, None, "takes an input, but none is given"),
        ({"type": "number", "default": 0.3}, None, "takes an input, but none is given"),
        ({"type": "null"}, b"3", "takes no input, but an input is given"),
        (WIRE, None, "takes the protobuf message a.B, but no input is given"),
        ({"type": "string"}, b"\xff", "not UTF-8"),
    ],
)
def test_inputs_that_are_missing_or_too_much(schema, given, message):
    with pytest.raises(RunError, match=message):
        encode_input(task(schema), given)


def test_members_that_the_task_passes_over_are_doubtful():
    data, doubts = encode_input(task(SCENE), b'{"scene_id": "a", "cover": 1, "coverr": 2, "zzz": 3}')
    assert data.startswith(b"{")
    assert [str(doubt) for doubt in doubts] == [
        "tests.Check v1.2 ignores 'coverr', which is not a field of its input\n  hint: did you mean 'cover'?",
        "tests.Check v1.2 ignores 'zzz', which is not a field of its input\n  hint: it has scene_id, cover, tags, level",
    ]


def test_a_closed_schema_refuses_unknown_members():
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
    with pytest.raises(RunError, match="b is unknown"):
        encode_input(task(schema), b'{"b": 1}')


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 7},
        {"$ref": "#/$defs/missing"},
        {"$ref": "#"},
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"type": "string", "pattern": "("},
    ],
)
def test_a_schema_that_makes_no_sense_is_not_used(schema):
    data, (doubt,) = encode_input(task(schema), b"hello")
    assert data == b'"hello"'
    assert "is malformed" in doubt.message
