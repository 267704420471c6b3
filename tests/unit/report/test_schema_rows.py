"""The fields of inputs, and two versions of them side by side."""

from __future__ import annotations

import pytest
from report_samples import CHECK, tasks

from hatch_tilebox.compatibility.releases import compare_tasks
from hatch_tilebox.report.schema_rows import compare_fields, fields_of


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


def compare(**changes):
    return {row.path: row.kind for row in compare_fields(compare_tasks(tasks()[:1], tasks(**changes)[:1])[0])}


def test_breaking_fields_are_marked():
    properties = {
        **CHECK["properties"],
        "limit": {"type": "string"},
        "region": {"type": "string"},
        "fast": {"type": "boolean", "default": True},
    }
    del properties["note"]
    rows = compare(schema={**CHECK, "properties": properties, "required": ["scenes", "limit", "region"]})
    assert rows == {
        "scenes": "same",  # without the fields in it
        "limit": "breaking",
        "region": "breaking",
        "max_cloud_cover": "same",
        "dry_run": "same",
        "fast": "added",
        "note": "removed",
    }


def test_a_field_in_a_field_is_marked():
    scene = {
        **CHECK["$defs"]["Scene"],
        "required": ["scene_id", "level"],
        "properties": {"scene_id": {"type": "integer"}, "level": {}},
    }
    rows = compare(schema={**CHECK, "$defs": {"Scene": scene}})
    assert (rows["scenes[].scene_id"], rows["scenes[].level"]) == ("breaking", "breaking")


def test_what_is_not_known_is_uncertain():
    schema = {
        **CHECK,
        "properties": {**CHECK["properties"], "note": {"type": ["string", "null"], "pattern": "^a+$", "minLength": 3}},
    }
    old = {**CHECK, "properties": {**CHECK["properties"], "note": {"type": ["string", "null"], "pattern": "^a*$"}}}
    (change,) = compare_tasks(tasks(schema=old)[:1], tasks(schema=schema)[:1])
    assert {row.path: row.kind for row in compare_fields(change)}["note"] == (
        "uncertain" if change.kind == "undecided" else "breaking"
    )
