"""The forms for inputs of tasks: the command that they start with, and what the script gets."""

from __future__ import annotations

import html
import re
import shlex

import pytest
from report_samples import CHECK, SCENE

from hatch_tilebox.core.model import Task
from hatch_tilebox.inputs.encode import encode_input
from hatch_tilebox.report.form import input_form

SCHEMAS = [
    CHECK,
    SCENE,
    {"type": "string"},
    {"type": "integer", "minimum": 3},
    {"type": "boolean"},
    {"enum": ["a", "b"]},
    {"type": "array", "items": {"type": "number"}, "minItems": 2},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    {"$ref": "#/$defs/Scene", "$defs": {"Scene": SCENE}},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {
        "type": "object",
        "properties": {"when": {"type": "string", "format": "date"}, "kind": {"const": 3}},
        "required": ["when", "kind"],
    },
    {"type": "null"},
]


def command(task):
    page, data = input_form(task, "dist/a b.tbrelease", 0)
    words = shlex.split(html.unescape(re.search(r"<output[^>]*>(.*?)</output>", page, re.DOTALL)[1]))
    assert words[: len(data["command"])] == data["command"]
    return words[len(data["command"]) :], data, page


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_the_first_command_has_an_input_that_the_task_accepts(schema):
    task = Task("acme.org/it's/Check", "v1.0", schema)
    words, data, _ = command(task)
    assert data["command"] == ["hatch-tilebox", "run", "dist/a b.tbrelease", "--task", "acme.org/it's/Check@v1.0"]
    given = words[words.index("--input") + 1].encode() if words else None
    encode_input(task, given)


def test_fields_have_the_controls_of_their_types():
    _, data, page = command(Task("Check", "v1.0", CHECK))
    assert {field["name"]: (field["kind"], field["required"], field["nullable"]) for field in data["fields"]} == {
        "scenes": ("json", True, False),
        "limit": ("integer", True, False),
        "max_cloud_cover": ("number", False, False),
        "note": ("text", False, True),
        "dry_run": ("choice", False, False),
    }
    assert page.count("<label") == page.count("<select") + page.count("<textarea") + page.count("<input") == 5


@pytest.mark.parametrize(
    ("trigger", "words", "names"),
    [("cron", [], ["--trigger-time"]), ("storage-event", ["--object", "path/to/object"], ["--object", "--location"])],
)
def test_a_trigger_has_its_options(trigger, words, names):
    given, data, _ = command(Task("Watch", "v1.0", {"type": "null"}, trigger=trigger))
    assert (given, [field["name"] for field in data["fields"]]) == (words, names)


def test_a_protobuf_message_comes_from_a_file():
    words, data, _ = command(Task("Read", "v1.0", {"contentMediaType": "application/protobuf", "title": "Time"}))
    assert (words, data["shape"]) == (["--input-file", "request.bin"], "file")


def test_an_input_of_unknown_shape_is_json():
    assert command(Task("Read", "v1.0"))[1]["shape"] == "json"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": 3},
        {"type": "object", "properties": {"a": {}}, "required": [5, "a"]},
        {"type": "object", "properties": {"a": {"enum": 3}}},
        {
            "$ref": "#/$defs/Node",
            "$defs": {
                "Node": {
                    "type": "object",
                    "properties": {x: {"$ref": "#/$defs/Node"} for x in "abcdefghij"},
                    "required": list("abcdefghij"),
                }
            },
        },
        {"$ref": 3, "$defs": []},
        {"anyOf": 3},
    ],
    ids=str,
)
def test_a_malformed_schema_has_a_form_all_the_same(schema):
    command(Task("Bad", "v1.0", schema))
