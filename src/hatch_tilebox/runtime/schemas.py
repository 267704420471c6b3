"""JSON Schemas of task inputs, as Tilebox serializes them. Runs inside the workflow's interpreter, beside `probe.py`."""

from __future__ import annotations

from typing import Any


def input_schema(cls: type) -> dict[str, Any] | None:
    """The JSON Schema of the input of the task class `cls`, None where it cannot be told."""
    return None
