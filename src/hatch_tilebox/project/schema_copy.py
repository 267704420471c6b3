"""The copy of the JSON Schema that a project keeps for editors."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.read_text import UnreadableTextError, read_text

if TYPE_CHECKING:
    from hatch_tilebox.core.config import WorkflowConfig

SCHEMA_NAME = "tilebox.workflow.schema.json"
_DIRECTIVE = re.compile(r"^#:schema[ \t]+(?!\w+://)(\S.*?)[ \t]*$", re.MULTILINE)


def schema_text() -> str:
    """Return the JSON Schema of `tilebox.workflow.toml` of this version."""
    return (files("hatch_tilebox") / "schemas" / SCHEMA_NAME).read_text("utf-8")


def schema_copy_warnings(config: WorkflowConfig) -> list[Problem]:
    """Return a warning if the file names a schema beside it, in a `#:schema` comment, that is missing or of another version."""
    named = _DIRECTIVE.search(config.document.text)
    if named is None:
        return []
    path = config.path.parent / named[1]
    if path.is_file():
        try:
            if json.loads(read_text(path)) == json.loads(schema_text()):
                return []
            what = f"{named[1]} is not the schema of this version of hatch-tilebox, so editors may report wrong errors"
        except (OSError, UnreadableTextError, ValueError, RecursionError):
            what = f"{named[1]} cannot be read as a JSON Schema"
    else:
        what = f"there is no file {named[1]}, so editors check nothing"
    line = config.document.text.count("\n", 0, named.start()) + 1
    place = Location(config.document.name, line, 1)
    return [Problem(what, f"write it again: hatch-tilebox schema workflow > {named[1]}", place, code="TBX028")]
