"""The JSON Schemas of the configuration, for editors: shipped as files in `schemas/`.

They are of draft 7, the newest that the editors' TOML tool (Taplo) supports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.project import rules
from hatch_tilebox.project.build_options import HOOK_KEYS, HOOK_TABLE, PUBLISH_TABLE, TARGET_KEYS, TARGET_TABLE, option_keys
from hatch_tilebox.project.policy_file import RULES
from hatch_tilebox.project.publish_settings import publish_keys
from hatch_tilebox.project.workflow_file import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.project.toml.tables import Key

_DRAFT = "http://json-schema.org/draft-07/schema#"


def workflow_schema() -> dict[str, Any]:
    """Return the schema of `tilebox.workflow.toml`.

    It has all rules that need no files, and those on Python's names that a regular expression can express.
    """
    return {
        "$schema": _DRAFT,
        "$id": "urn:hatch-tilebox:workflow",
        "title": "tilebox.workflow.toml",
        "description": "Which Tilebox workflow a project is, how its worker starts, and which files belong to its releases.",
        **_with_definitions(FILE.schema()),
    }


def pyproject_schema() -> dict[str, Any]:
    """Return the schema of our tables in `pyproject.toml`; it accepts everything in other tables."""
    tables = {
        HOOK_TABLE: _table("Options of the build hook of hatch-tilebox.", option_keys(), HOOK_KEYS),
        TARGET_TABLE: _table("Options of the target tilebox. They override those of the hook.", option_keys(), TARGET_KEYS),
        PUBLISH_TABLE: _table("Where and how a release is published.", publish_keys(), {"disable"}),
    }
    policy = {"title": "policy", "description": "The rules that every release of the project must follow.", **RULES.schema()}
    tables[PUBLISH_TABLE]["properties"]["policy"] = policy
    root: dict[str, Any] = {"type": "object", "properties": {}}
    for name, schema in tables.items():
        *above, last = name.split(".")
        table = root
        for part in above:
            table = table["properties"].setdefault(part, {"type": "object", "properties": {}})
        table["properties"][last] = schema
    return {
        "$schema": _DRAFT,
        "$id": "urn:hatch-tilebox:pyproject",
        "title": "hatch-tilebox in pyproject.toml",
        "description": "The tables of hatch-tilebox in pyproject.toml.",
        **_with_definitions(root),
    }


def _table(description: str, keys: Iterable[Key], others: Iterable[str]) -> dict[str, Any]:
    """Return the schema of a table with our keys, and with keys of hatch that are not checked."""
    ours = {key.name: {**key.kind.schema(), **key.annotations()} for key in keys}
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": {**ours, **dict.fromkeys(sorted(set(others) - ours.keys()), True)},
    }


def _with_definitions(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with the definitions that it refers to."""
    names = _references(schema)
    return {**schema, "definitions": {name: value for name, value in rules.REFUSED.items() if name in names}}


def _references(value: object) -> set[str]:
    """Return the names of all definitions that a schema refers to."""
    if isinstance(value, list):
        return set().union(*map(_references, value))
    if not isinstance(value, dict):
        return set()
    own = {str(value["$ref"]).rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(_references, value.values()))
