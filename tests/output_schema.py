"""Compare the output of commands with `--json` with the documented schema."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema

SCHEMA = json.loads((files("hatch_tilebox") / "schemas" / "output.schema.json").read_text("utf-8"))


def check_output(command, text):
    """The value that `command` printed; it must be as the schema says, without keys that the schema does not know."""
    value = json.loads(text)
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{command}", "$defs": _closed(SCHEMA["$defs"])}).validate(value)
    return value


def _closed(schema):
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    return {**closed, "additionalProperties": False} if "properties" in schema and "required" in schema else closed
