"""A form for the input of a task, and the description of its fields for the script, which composes the command."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_tilebox.inputs.describe import (
    MALFORMED,
    describe_value,
    example_input,
    protobuf_message,
    resolve,
    takes_input,
    to_json,
)
from hatch_tilebox.report.html import Html, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import Task

_MOST_FIELDS = 60
_MOST_CHOICES = 200
_KINDS = {"string": "text", "integer": "integer", "number": "number"}


@dataclass(frozen=True)
class Control:
    """A control of a form. `kind` is "text", "number", "integer", "choice" or "json" for a part of the input, else "option".

    `value` is the text with which it starts, and `example` the same as a value. A `nullable` control may be empty for null.
    """

    name: str
    label: str
    kind: str
    value: str
    hint: str
    required: bool
    nullable: bool = False
    choices: Sequence[str] = ()
    example: Any = None


_TRIGGER_OPTIONS = {
    "cron": (
        Control("--trigger-time", "Trigger time", "option", "", "a time such as 2026-01-31T09:30:00Z, by default now", False),
    ),
    "storage-event": (
        Control("--object", "Object", "option", "path/to/object", "path of the object in its location", True),
        Control("--location", "Location", "option", "", "a folder, gs://BUCKET or s3://BUCKET, by default this folder", False),
    ),
}


def input_form(task: Task, file: str, index: int) -> tuple[Html, dict[str, Any]]:
    """Return the form for a task of the release `file`, and what the script needs to know about it, as JSON values."""
    prefix = ["hatch-tilebox", "run", file, "--task", f"{task.name}@{task.version}"]
    try:
        shape, found = _controls(task.input_schema)
    except MALFORMED:
        shape, found = "json", [_control("input", "Input", {}, {}, required=False)]
    controls = {f"f{index}-{number}": part for number, part in enumerate([*found, *_TRIGGER_OPTIONS.get(task.trigger or "", ())])}
    form, command = f"form-{index}", f"command-{index}"
    first = shlex.join([*prefix, *_first_words(shape, [*controls.values()])])
    output = tag("output", first, id=command, aria_live="polite", for_=" ".join(controls) or None)
    button = tag("button", "Copy", type="button", hidden=True, aria_describedby=command)
    page = tag(
        "form",
        *(_field(part_id, part) for part_id, part in controls.items()),
        tag("p", class_="fault", role="alert"),
        tag("div", tag("pre", output), button, class_="command"),
        id=form,
        aria_label=f"Input of {task.name}",
    )
    keys = ("name", "label", "kind", "required", "nullable")
    fields = [{"id": part_id, **{key: getattr(part, key) for key in keys}} for part_id, part in controls.items()]
    return page, {"form": form, "command": prefix, "shape": shape, "fields": fields}


def _controls(schema: Mapping[str, Any] | None) -> tuple[str, list[Control]]:
    """Return the shape of the input, and its fields. The shape is "none", "file", "json", "value" or "object"."""
    if not takes_input(schema):
        return "none", []
    if schema is None:
        return "json", [_control("input", "Input", {}, {}, required=False)]
    if message := protobuf_message(schema):
        hint = f"a file with the wire bytes of {message}"
        return "file", [Control("--input-file", "Input file", "option", "request.bin", hint, required=True)]
    part = resolve(schema, schema)
    properties = part.get("properties", {})
    if not properties or len(properties) > _MOST_FIELDS:
        return "value", [_control("input", "Input", schema, schema, required="default" not in schema)]
    required = [name for name in part.get("required", ()) if isinstance(name, str)]
    names = dict.fromkeys([*required, *properties])
    return "object", [_control(name, name, properties.get(name, {}), schema, required=name in required) for name in names]


def _control(name: str, label: str, schema: Any, root: Mapping[str, Any], *, required: bool) -> Control:
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
    elif not part.get("anyOf"):
        kind = _KINDS.get(str(part.get("type")), "json")
    example = example_input({**part, "$defs": root.get("$defs", {})}) if part else None
    hint = describe_value(schema)
    if isinstance(schema, dict) and "default" in schema:
        hint += f", by default {to_json(schema['default'])}"
    value = "" if not required else str(example) if kind == "text" else to_json(example)
    return Control(name, label, kind, value, hint, required, nullable, [*map(to_json, choices)], example)


def _first_words(shape: str, controls: Sequence[Control]) -> Iterator[str]:
    """Yield the arguments of the command with which the form starts."""
    given = {part.name: part.example for part in controls if part.required and part.kind != "option"}
    if shape == "object":
        yield from ("--input", to_json(given))
    elif given:
        yield from ("--input", to_json(given["input"]))
    for part in controls:
        if part.kind == "option" and part.value:
            yield from (part.name, part.value)


def _field(part_id: str, part: Control) -> Html:
    hint = f"{part_id}-hint"
    common: dict[str, Any] = {"id": part_id, "aria_describedby": hint, "required": part.required and not part.nullable}
    if part.kind == "choice":
        empty = [] if common["required"] else [tag("option", "", value="")]
        chosen = (tag("option", item, value=item, selected=item == part.value) for item in part.choices)
        control = tag("select", *empty, *chosen, **common)
    elif part.kind == "json":
        control = tag("textarea", part.value, rows=2 if len(part.value) < 60 else 4, spellcheck="false", **common)  # noqa: PLR2004 -- a line
    else:
        mode = {"integer": "numeric", "number": "decimal"}.get(part.kind)
        control = tag("input", type="text", value=part.value, inputmode=mode, autocomplete="off", spellcheck="false", **common)
    label = tag("label", part.label, tag("span", " required", class_="needed") if part.required else None, for_=part_id)
    return tag("div", label, control, tag("small", part.hint, id=hint), class_="field")
