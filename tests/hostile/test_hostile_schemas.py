"""A report can be written for any JSON object in place of the schema of an input."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hatch_tilebox.compatibility.releases import compare_tasks
from hatch_tilebox.core.model import Task
from hatch_tilebox.inputs.describe import fields_of
from hatch_tilebox.report.field_changes import compare_fields
from hatch_tilebox.report.form import input_form
from hatch_tilebox.report.graph import build_graph
from hatch_tilebox.report.graph_chart import graph_chart

WORDS = ("string", "object", "null", "array", "integer", "#/$defs/A", "a", "date", "[", "\u202e")
KEYS = st.sampled_from(
    (
        *("type", "properties", "required", "$ref", "$defs", "anyOf", "enum", "const", "default", "items", "prefixItems", "title"),
        *("format", "pattern", "minimum", "minItems", "maxItems", "contentMediaType", "additionalProperties", "A", "a"),
    )
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
SCHEMAS = st.dictionaries(KEYS, VALUES, max_size=5)


@given(SCHEMAS, SCHEMAS)
def test_any_schema_has_a_form_a_table_a_box_and_a_comparison(old, new):
    before, after = (Task("Check", "v1.0", schema) for schema in (old, new))
    assert input_form(before, "a.tbrelease", 0)[1]["command"][0] == "hatch-tilebox"
    fields_of(old)
    assert "<svg" in graph_chart(build_graph((before,), {}, None))
    for change in compare_tasks((before,), (after,)):
        compare_fields(change)
