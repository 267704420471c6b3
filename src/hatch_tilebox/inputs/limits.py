"""The limits of the Tilebox API for inputs of tasks. Source: core.proto in Tilebox's published definitions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.model import JSON, Task

MAX_INPUT = 2048
"""Bytes of the input of a task, also of a subtask."""
MAX_TASK_GROUPS = 64
"""Groups of subtasks that one task submits. A group has tasks with the same dependencies."""
_HINT = "store large values in the job cache or in a file, and pass their key or path"


def input_problem(task: str, data: bytes, arguments: bytes | None = None) -> Problem | None:
    """Return a problem if the API would refuse the input `data`.

    It names the largest field of `arguments`, the JSON part of `data`, by default all of it.
    """
    if len(data) <= MAX_INPUT:
        return None
    message = f"the input of {task} has {len(data):,} bytes, but Tilebox accepts at most {MAX_INPUT:,}"
    try:
        fields = json.loads(data if arguments is None else arguments)
    except (RecursionError, ValueError):
        fields = None
    if isinstance(fields, dict) and fields:
        name = max(fields, key=lambda name: len(_encode(fields[name])))
        message += f"; its largest field {name!r} has {len(_encode(fields[name])):,}"
    return Problem(message, _HINT, code="TBX604")


def default_warnings(tasks: Sequence[Task]) -> list[Problem]:
    """Return a warning for each task whose default values alone exceed the limit."""
    found = []
    for task in tasks:
        schema = task.input_schema or {}
        properties = schema.get("properties", {})
        defaults = {name: field["default"] for name, field in properties.items() if isinstance(field, dict) and "default" in field}
        value: JSON = defaults or schema.get("default")
        if value is not None and (problem := input_problem(f"{task.name} {task.version} with its default values", _encode(value))):
            found.append(problem)
    return found


def _encode(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
