"""Write what is made from the models of the configuration: the JSON Schema and the tables of the reference.

    python docs/generate.py

The tables stand in the pages between `<!-- generated: NAME -->` and `<!-- end -->`; all else there is written by hand.
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
    """Every file that has generated parts, with the text it should have."""
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
    """`text` with the parts of those names in their places."""
    marked = r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)"
    return re.sub(marked, lambda match: match[1] + parts[match[2]] + match[3], text, flags=re.DOTALL)


def key_table(keys: Iterable[Key]) -> str:
    """The keys of a table of `tilebox.workflow.toml`."""
    return table(("Key", "Type", "Default", "Meaning"), ((f"`{key.name}`", key.kind.name, default(key), key.doc) for key in keys))


def option_table() -> str:
    """The options of a build, with all their names."""
    rows = (
        (f"`{key.name}`", f"`{variable_name(key.name)}`", f"`{setting_name(key.name)}`", key.kind.name, default(key), key.doc)
        for key in option_keys()
    )
    return table(("Option", "Environment variable", "Config setting", "Type", "Default", "Meaning"), rows)


def default(key: Key) -> str:
    """The default of a key, in Markdown."""
    if key.required:
        return "required"
    if key.shown or key.default is None:
        return key.shown
    return f"`{json.dumps(int(key.default) if isinstance(key.default, float) else key.default)}`"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [list(header), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def example(name: str) -> str:
    """A file of the tests' corpus of mistakes, and what it is answered with."""
    text = "".join(line for line in (MISTAKES / f"{name}.toml").read_text("utf-8").splitlines(keepends=True) if line[:2] != "#:")
    return f"```toml\n{text}```\n\n{messages(name)}"


def messages(*names: str) -> str:
    """What files of that corpus are answered with; there, the messages stand in comments above the file itself."""
    told = []
    for name in names:
        lines = [line for line in (MISTAKES / f"{name}.toml").read_text("utf-8").splitlines() if line.startswith("#:")]
        for line in lines:
            number, _, rest = line.removeprefix("#: ").partition(":")
            told.append(f"{CONFIG_NAME}:{int(number) - len(lines)}:{rest}\n")
    return f"```text\n{''.join(told)}```\n"


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_bytes(text.encode())
