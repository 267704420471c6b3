"""Write the generated files: the JSON Schema of the configuration, the tables of the reference, and the page of the Python API.

    python docs/generate.py

The tables are between `<!-- generated: NAME -->` and `<!-- end -->`; the rest of those pages is written by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.project.build_options import option_keys, setting_name, variable_name
from hatch_tilebox.project.json_schema import workflow_schema
from hatch_tilebox.project.toml.tables import keys_of
from hatch_tilebox.project.workflow_file import BuildTable, TargetTable, WorkflowTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.project.toml.tables import Key

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "src" / "hatch_tilebox" / "schemas" / "tilebox.workflow.schema.json"
PAGES = (ROOT / "docs" / "reference" / "configuration.md", ROOT / "docs" / "reference" / "options.md")
MISTAKES = ROOT / "tests" / "unit" / "project" / "corpus" / "bad"


def generated() -> dict[Path, str]:
    """Return the files with parts that are generated from the configuration, with the text that they should have."""
    parts = {
        "workflow": key_table(keys_of(WorkflowTable)),
        "build": key_table(keys_of(BuildTable)),
        "targets": key_table(keys_of(TargetTable)),
        "options": option_table(),
        "mistakes": example("many_at_once"),
        "syntax": messages("syntax_no_quotes", "syntax_no_comma", "syntax_open_array", "syntax_colon"),
    }
    schema = json.dumps(workflow_schema(), indent=2) + "\n"
    return {SCHEMA: schema, **{page: fill(page.read_text("utf-8"), parts) for page in PAGES}}


def fill(text: str, parts: dict[str, str]) -> str:
    """Return `text` with the named parts filled in."""
    marked = r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)"
    return re.sub(marked, lambda match: match[1] + parts[match[2]] + match[3], text, flags=re.DOTALL)


def key_table(keys: Iterable[Key]) -> str:
    """Return the keys of a table of `tilebox.workflow.toml`, as a table in Markdown."""
    return table(("Key", "Type", "Default", "Meaning"), ((f"`{key.name}`", key.kind.name, default(key), key.doc) for key in keys))


def option_table() -> str:
    """Return the build options with all their names, as a table in Markdown."""
    rows = (
        (f"`{key.name}`", f"`{variable_name(key.name)}`", f"`{setting_name(key.name)}`", key.kind.name, default(key), key.doc)
        for key in option_keys()
    )
    return table(("Option", "Environment variable", "Config setting", "Type", "Default", "Meaning"), rows)


def default(key: Key) -> str:
    """Return the default of a key in Markdown."""
    if key.required:
        return "required"
    if key.shown or key.default is None:
        return key.shown
    return f"`{json.dumps(int(key.default) if isinstance(key.default, float) else key.default)}`"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    lines = [list(header), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def example(name: str) -> str:
    """Return a file of the tests' corpus of invalid configurations, and its error messages."""
    text = "".join(line for line in (MISTAKES / f"{name}.toml").read_text("utf-8").splitlines(keepends=True) if line[:2] != "#:")
    return f"```toml\n{text}```\n\n{messages(name)}"


def messages(*names: str) -> str:
    """Return the error messages of files of that corpus. A file has its expected messages in comments at its beginning."""
    expected = []
    for name in names:
        lines = [line for line in (MISTAKES / f"{name}.toml").read_text("utf-8").splitlines() if line.startswith("#:")]
        for line in lines:
            number, _, rest = line.removeprefix("#: ").partition(":")
            expected.append(f"{CONFIG_NAME}:{int(number) - len(lines)}:{rest}\n")
    return f"```text\n{''.join(expected)}```\n"


if __name__ == "__main__":
    import api_reference

    for path, text in {**generated(), api_reference.PAGE: api_reference.api_reference()}.items():
        path.write_bytes(text.encode())
