"""The schema of our tables in `pyproject.toml` and the loaders accept the same values, and the copy of a schema is current."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest

from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.project.build_options import HOOK_TABLE, PUBLISH_TABLE, TARGET_TABLE, load_options, option_keys
from hatch_tilebox.project.check import check_project
from hatch_tilebox.project.publish_settings import publish_keys
from hatch_tilebox.project.schema_copy import SCHEMA_NAME, schema_text


def shipped(name):
    """The schema of this name, which `docs/generate.py` writes."""
    return json.loads((files("hatch_tilebox") / "schemas" / f"{name}.schema.json").read_text("utf-8"))


def accepts(table, values):
    """Whether the schema accepts a pyproject.toml with these values in the table."""
    for part in reversed(table.split(".")):
        values = {part: values}
    schema = shipped("pyproject")
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema).is_valid({"project": {"name": "a"}, **values})


@pytest.mark.parametrize("table", [HOOK_TABLE, TARGET_TABLE, PUBLISH_TABLE])
def test_examples_of_all_keys_are_accepted(table):
    keys = publish_keys() if table == PUBLISH_TABLE else option_keys()
    assert accepts(table, {key.name: key.examples[0] for key in keys})
    assert not accepts(table, {"no-such-key": 1})


@pytest.mark.parametrize(
    "size", [1, 0, -1, True, 1.5, "5", "0", "0 MB", "0.5 MB", "00.0", "500 MB", "1GiB", " 2 kib ", "5 XB", "MB", "", "5 i", "1 b"]
)
def test_sizes_are_judged_as_by_the_loader(size):
    try:
        load_options({"max-size": size}, where=HOOK_TABLE, environ={})
    except ConfigError:
        assert not accepts(HOOK_TABLE, {"max-size": size})
    else:
        assert accepts(HOOK_TABLE, {"max-size": size})


@pytest.mark.parametrize(
    "values",
    [{"startup-timeout": 0}, {"runtime": "thread"}, {"runners": ["linux"]}, {"skip": "yes"}, {"allow-secrets": [" "]}],
)
def test_wrong_options_are_refused_as_by_the_loader(values):
    assert not accepts(HOOK_TABLE, values)
    with pytest.raises(ConfigError):
        load_options(values, where=HOOK_TABLE, environ={})


def test_keys_of_hatch_and_other_tables_are_accepted():
    assert accepts(HOOK_TABLE, {"dependencies": ["a"], "enable-by-default": False})
    assert accepts(TARGET_TABLE, {"packages": ["a"]})
    assert accepts(PUBLISH_TABLE, {"disable": True})
    assert accepts("tool.ruff", {"line-length": 100})


def test_a_target_has_a_description_and_a_link():
    (target,) = shipped("tilebox.workflow")["properties"]["targets"]["patternProperties"].values()
    assert "hatch-tilebox deploy --target NAME" in target["description"]
    assert target["x-taplo"]["links"]["key"].startswith("https://docs.tilebox.com/")


@pytest.mark.parametrize(
    ("copy", "warning"),
    [
        (schema_text(), None),
        (schema_text().replace("\n", "\r\n"), None),
        (schema_text().replace('"maxLength": 100', '"maxLength": 10'), "is not the schema of this version"),
        ("no JSON", "cannot be read as a JSON Schema"),
        ("[" * 100_000, "cannot be read as a JSON Schema"),
        (None, "there is no file"),
    ],
    ids=["current", "other-line-ends", "old", "broken", "deep", "missing"],
)
def test_check_reports_a_copy_that_is_not_current(copy, warning, small_project):
    root = small_project()
    config = root / "tilebox.workflow.toml"
    config.write_text(f"# A comment\n#:schema ./{SCHEMA_NAME}\n{config.read_text()}")
    if copy is not None:
        (root / SCHEMA_NAME).write_bytes(copy.encode())
    found = check_project(root).warnings
    assert [str(item.location) for item in found] == ([] if warning is None else ["tilebox.workflow.toml:2:1"])
    assert warning is None or warning in found[0].message


def test_a_schema_at_a_url_is_not_looked_at(small_project):
    root = small_project()
    config = root / "tilebox.workflow.toml"
    config.write_text(f"#:schema https://example.com/schema.json\n{config.read_text()}")
    assert check_project(root).warnings == []
