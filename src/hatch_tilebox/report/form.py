"""A form for the input of a task, and the description of its fields for the script, which composes the command."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from hatch_tilebox.inputs.describe import describe_value, example_input, protobuf_message, takes_input
from hatch_tilebox.report.html import Html, tag
from hatch_tilebox.report.schema_rows import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.model import Task

_MALFORMED = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
_MOST_FIELDS = 60
_MOST_CHOICES = 200
_TRIGGER_OPTIONS = {
    "cron": [("--trigger-time", "Trigger time", "", "a time such as 2026-01-31T09:30:00Z, by default now")],
    "storage-event": [
        ("--object", "Object", "path/to/object", "path of the object in its location"),
        ("--location", "Location", "", "a folder, gs://BUCKET or s3://BUCKET, by default this folder"),
    ],
}


def input_form(task: Task, file: str, index: int) -> tuple[Html, dict[str, Any]]:
    """Return the form for a task of the release `file`, and what the script needs to know about it, as JSON values."""
    prefix = ["hatch-tilebox", "run", file, "--task", f"{task.name}@{task.version}"]
    try:
        shape, fields = _fields(task.input_schema)
    except _MALFORMED:
        shape, fields = "json", [_field("input", "Input", {}, {}, required=False)]
    options: list[dict[str, Any]] = [
        {"name": name, "label": label, "kind": "option", "value": value, "hint": hint, "required": bool(value)}
        for name, label, value, hint in _TRIGGER_OPTIONS.get(task.trigger or "", ())
    ]
    controls = []
    for number, field in enumerate([*fields, *options]):
        field["id"] = f"f{index}-{number}"
        controls.append(_control(field))
    command = " ".join(
        map(
            shlex.quote,
            [
                *prefix,
                *_initial(shape, fields),
                *(word for item in options if item["value"] for word in (item["name"], item["value"])),
            ],
        )
    )
    output = tag(
        "output",
        command,
        id=f"command-{index}",
        aria_live="polite",
        for_=" ".join(field["id"] for field in [*fields, *options]) or None,
    )
    button = tag("button", "Copy", type="button", hidden=True, aria_describedby=f"command-{index}")
    fault = tag("p", class_="fault", role="alert")
    form = tag(
        "form",
        *controls,
        fault,
        tag("div", tag("pre", output), button, class_="command"),
        id=f"form-{index}",
        aria_label=f"Input of {task.name}",
    )
    keys = ("id", "name", "label", "kind", "required", "nullable")
    data = {
        "form": f"form-{index}",
        "command": prefix,
        "shape": shape,
        "fields": [{key: field.get(key, False) for key in keys} for field in [*fields, *options]],
    }
    return form, data


def _fields(schema: Mapping[str, Any] | None) -> tuple[str, list[dict[str, Any]]]:
    """Return the shape of the input, and its fields. The shape is "none", "file", "json", "value" or "object"."""
    if not takes_input(schema):
        return "none", []
    if schema is None:
        return "json", [_field("input", "Input", {}, {}, required=False)]
    if message := protobuf_message(schema):
        field = {"name": "--input-file", "label": "Input file", "kind": "option", "value": "request.bin", "required": True}
        return "file", [{**field, "hint": f"a file with the wire bytes of {message}"}]
    part = resolve(schema, schema)
    properties = part.get("properties", {})
    if not properties or len(properties) > _MOST_FIELDS:
        return "value", [_field("input", "Input", schema, schema, required="default" not in schema)]
    required = [name for name in part.get("required", ()) if isinstance(name, str)]
    names = dict.fromkeys([*required, *properties])
    return "object", [_field(name, name, properties.get(name, {}), schema, required=name in required) for name in names]


def _field(name: str, label: str, schema: Any, root: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    """Return a field. Its kind is "text", "number", "integer", "choice" or "json"."""
    part = resolve(schema, root)
    branches = [resolve(item, root) for item in part.get("anyOf", ())]
    nullable = {"type": "null"} in branches
    if nullable and len(branches) == 2:  # noqa: PLR2004 -- null and another
        part = next(item for item in branches if item != {"type": "null"})
    choices = part.get("enum") or ([part["const"]] if "const" in part else [])
    kind = "json"
    if len(choices) > _MOST_CHOICES:
        choices = []
    elif choices or part.get("type") == "boolean":
        kind, choices = "choice", choices or [True, False]
    elif not part.get("anyOf") and not isinstance(part.get("type"), list):
        kind = {"string": "text", "integer": "integer", "number": "number"}.get(str(part.get("type")), "json")
    default = schema.get("default") if isinstance(schema, dict) else None
    example = example_input({**part, "$defs": root.get("$defs", {})}) if part else None
    value = example if required else None
    hint = describe_value(schema, root)
    if isinstance(schema, dict) and "default" in schema:
        hint += f", by default {json.dumps(default, ensure_ascii=False)}"
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "choices": [json.dumps(item, ensure_ascii=False) for item in choices],
        "value": "" if not required else str(value) if kind == "text" else json.dumps(value, ensure_ascii=False),
        "example": value,
        "required": required,
        "nullable": nullable,
        "hint": hint,
    }


def _initial(shape: str, fields: list[dict[str, Any]]) -> list[str]:
    """Return the arguments for the input with which the form starts."""
    if shape == "file":
        return ["--input-file", "request.bin"]
    if shape in {"none", "json"}:
        return []
    if shape == "value":
        return ["--input", json.dumps(fields[0]["example"], ensure_ascii=False)] if fields[0]["required"] else []
    given = {field["name"]: field["example"] for field in fields if field["required"]}
    return ["--input", json.dumps(given, ensure_ascii=False)]


def _control(field: Mapping[str, Any]) -> Html:
    name, hint = field["id"], f"{field['id']}-hint"
    common: dict[str, Any] = {"id": name, "aria_describedby": hint, "required": field["required"] and not field.get("nullable")}
    if field["kind"] == "choice":
        empty = [] if field["required"] and not field["nullable"] else [tag("option", "", value="")]
        chosen = (tag("option", item, value=item, selected=item == field["value"]) for item in field["choices"])
        control = tag("select", *empty, *chosen, **common)
    elif field["kind"] == "json":
        control = tag("textarea", field["value"], rows=2 if len(field["value"]) < 60 else 4, spellcheck="false", **common)  # noqa: PLR2004 -- a line
    else:
        mode = {"integer": "numeric", "number": "decimal"}.get(field["kind"])
        control = tag("input", type="text", value=field["value"], inputmode=mode, autocomplete="off", spellcheck="false", **common)
    label = tag("label", field["label"], tag("span", " required", class_="needed") if field["required"] else None, for_=name)
    return tag("div", label, control, tag("small", field["hint"], id=hint), class_="field")
