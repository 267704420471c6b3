"""The JSON Schema of the manifest accepts what the model reads and writes."""

from __future__ import annotations

import copy
import json
from importlib.resources import files

import jsonschema
import pytest
from archive_samples import manifest_of

from hatch_tilebox.archive.layout import path_fault
from hatch_tilebox.core.model import FileEntry, Project, ReleaseManifest, Task, Workflow

SCHEMA = json.loads((files("hatch_tilebox") / "schemas" / "release.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOOD = manifest_of().to_dict()
COMMAND = ReleaseManifest.of(Workflow("tiles", command=("python", "-m", "tiles")), Project("tiles", "1"), [Task("a", "v1.0")], [])


def changed(*path, value):
    data = copy.deepcopy(GOOD)
    node = data
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    return data


def test_schema_is_a_good_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("manifest", [manifest_of(), manifest_of({}, ()), COMMAND])
def test_schema_accepts_what_the_model_writes(manifest):
    VALIDATOR.validate(json.loads(manifest.to_json()))


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (Project, SCHEMA["properties"]["project"]),
        (Task, SCHEMA["$defs"]["task"]),
        (FileEntry, SCHEMA["$defs"]["file"]),
    ],
)
def test_schema_names_every_field_of_the_model(kind, properties):
    names = set(kind.__annotations__) - {"requires_python"}  # which `requires` has
    assert set(properties["properties"]) == set(properties["required"]) == names


@pytest.mark.parametrize(
    "data",
    [
        [],
        changed("format", value=3),
        changed("extra", value=1),
        changed("workflow", value={"slug": "a"}),
        changed("workflow", value={"slug": "a", "runner": "a:b", "command": ["a"]}),
        changed("workflow", value={"slug": "a", "command": []}),
        changed("workflow", value={"slug": "a", "command": [""]}),
        changed("project", "name", value=""),
        changed("project", "requires_python", value=3),
        changed("tasks", value={}),
        changed("tasks", 0, "input_schema", value=[]),
        changed("tasks", 0, "description", value=""),
        changed("tasks", 0, "extra", value=1),
        changed("files", 0, "size", value=-1),
        changed("files", 0, "size", value="1"),
        changed("files", 0, "mode", value="0600"),
        changed("files", 0, "sha256", value="0" * 63),
        changed("files", 0, "sha256", value="0" * 64 + "\n"),
        changed("files", 0, "path", value=""),
        changed("fingerprint", value=None),
    ],
)
def test_schema_refuses_what_the_model_refuses(data):
    with pytest.raises(ValueError, match=r"."):
        ReleaseManifest.from_dict(data)
    assert not VALIDATOR.is_valid(data)


@pytest.mark.parametrize("path", ["a\n", "a\x1bb", "a\u202eb", "c1\x85"])
def test_schema_refuses_paths_with_control_characters_as_readers_do(path):
    assert not VALIDATOR.is_valid(changed("files", 0, "path", value=path))
    assert "control character" in (path_fault(path) or "")
