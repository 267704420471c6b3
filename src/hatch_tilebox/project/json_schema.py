"""The JSON Schema of `tilebox.workflow.toml`, for editors: shipped as `schemas/tilebox.workflow.schema.json`."""

from __future__ import annotations

from typing import Any

from hatch_tilebox.project.workflow_file import FILE


def workflow_schema() -> dict[str, Any]:
    """Return the schema, of draft 7: the newest that the editors' TOML tool (Taplo) supports.

    It has all rules that need no files, and those on Python's names that a regular expression can express.
    """
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:hatch-tilebox:workflow",
        "title": "tilebox.workflow.toml",
        "description": "Which Tilebox workflow a project is, how its worker starts, and which files belong to its releases.",
        **FILE.schema(),
    }
