"""The fields of an input in two releases, side by side."""

from __future__ import annotations

from report_samples import CHECK, tasks

from hatch_tilebox.compatibility.releases import compare_tasks
from hatch_tilebox.report.field_changes import compare_fields


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
