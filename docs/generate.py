"""Write the generated files: the JSON Schema of the configuration, the tables of the reference, and the page of the Python API.

    python docs/generate.py

The tables are between `<!-- generated: NAME -->` and `<!-- end -->`; the rest of those pages is written by hand.
"""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import chdir
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from hatch_tilebox.codes.registry import all_codes
from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.diagnostics import diagnostic, plain_text
from hatch_tilebox.core.errors import ConfigError
from hatch_tilebox.project import rules
from hatch_tilebox.project.build_options import (
    HOOK_KEYS,
    HOOK_TABLE,
    PUBLISH_TABLE,
    TARGET_KEYS,
    TARGET_TABLE,
    option_keys,
    setting_name,
    variable_name,
)
from hatch_tilebox.project.policy_file import RULES, SIGNED_BY
from hatch_tilebox.project.publish_settings import publish_keys, publish_variable
from hatch_tilebox.project.toml.tables import keys_of
from hatch_tilebox.project.workflow_file import FILE, BuildTable, TargetTable, WorkflowTable, load_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hatch_tilebox.codes.registry import Code
    from hatch_tilebox.project.toml.tables import Key

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "src" / "hatch_tilebox" / "schemas"
PAGES = (
    ROOT / "docs" / "reference" / "configuration.md",
    ROOT / "docs" / "reference" / "options.md",
    ROOT / "docs" / "reference" / "publish.md",
    ROOT / "docs" / "reference" / "policy.md",
    ROOT / "docs" / "how-to" / "fix-a-failing-build.md",
)
CODES = ROOT / "docs" / "reference" / "errors.md"
CODES_HEAD = """\
# Error codes

<!-- Written by docs/generate.py from the registry in src/hatch_tilebox/codes. -->

Each kind of error and warning has a code, which never changes its meaning. `hatch-tilebox explain TBX012` prints the same text
without network, and `hatch-tilebox explain` lists all codes. [Fix a failing build](../how-to/fix-a-failing-build.md) describes how
to read a message.
"""
TABLES = (
    ("workflow", "workflow", WorkflowTable),
    ("build", "build", BuildTable),
    ("targets", "targets.production", TargetTable),
)
DRAFT = "http://json-schema.org/draft-07/schema#"
"""The newest draft that the editors' TOML tool (Taplo) supports."""
MISTAKES = ROOT / "tests" / "unit" / "project" / "corpus" / "bad"


def generated() -> dict[Path, str]:
    """Return the files with parts that are generated from the configuration, with the text that they should have."""
    parts = {
        **{f"{table}.{key.name}": key_section(key, f"[{header}]") for table, header, model in TABLES for key in keys_of(model)},
        "options": "\n".join(key_section(key, f"[{HOOK_TABLE}]", option_names(key.name)) for key in option_keys()),
        "publish": "\n".join(key_section(key, f"[{PUBLISH_TABLE}]", publish_names(key.name)) for key in publish_keys()),
        "policy": "\n".join(key_section(key, "") for key in RULES.keys if key.name != "signed-by"),
        "policy.signed-by": "\n".join(key_section(key, "[signed-by]") for key in SIGNED_BY.keys),
        "codes": code_table("Configuration", "Files of a release", "The environment of a release", "Start of the workflow"),
        "mistakes": example("many_at_once"),
        "syntax": messages("syntax_no_quotes", "syntax_no_comma", "syntax_open_array", "syntax_colon"),
    }
    schemas = {"tilebox.workflow": workflow_schema(), "pyproject": pyproject_schema()}
    return {
        **{SCHEMAS / f"{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()},
        CODES: code_page(),
        **{page: fill(page.read_text("utf-8"), parts) for page in PAGES},
    }


def fill(text: str, parts: dict[str, str]) -> str:
    """Return `text` with the named parts filled in."""
    marked = r"(<!-- generated: ([\w.-]+) -->\n).*?(<!-- end -->)"
    return re.sub(marked, lambda match: match[1] + parts[match[2]] + match[3], text, flags=re.DOTALL)


def key_section(key: Key, header: str, names: Iterable[tuple[str, str]] = ()) -> str:
    """Return the section of a key: its description, facts and an example under the `header` of its table, in Markdown.

    `names` are its other names, such as its environment variable.
    """
    facts = [("Type", key.kind.name), ("Default", default(key)), *((what, f"`{name}`") for what, name in names)]
    listed = "".join(f"- {what}: {value}\n" for what, value in facts)
    value = tomlkit.item(key.examples[0])
    header += "\n" if header else ""
    return f"### `{key.name}`\n\n{key.doc}\n\n{listed}\n```toml\n{header}{key.name} = {value.as_string()}\n```\n"


def option_names(option: str) -> tuple[tuple[str, str], ...]:
    """Return the other names of a build option."""
    return ("Environment variable", variable_name(option)), ("Config setting", setting_name(option))


def publish_names(setting: str) -> tuple[tuple[str, str], ...]:
    """Return the other names of a setting of a publication."""
    if setting == "options":
        return (("Option of the command", "-o options.NAME=VALUE"),)
    return (("Environment variable", publish_variable(setting)),)


def default(key: Key) -> str:
    """Return the default of a key in Markdown."""
    if key.required:
        return "required"
    if key.shown or key.default is None:
        return key.shown or "none"
    return f"`{json.dumps(int(key.default) if isinstance(key.default, float) else key.default)}`"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    lines = [list(header), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def code_page() -> str:
    """Return the page of all codes, with an anchor for each: `errors.md#tbx012`."""
    text = CODES_HEAD
    for group, codes in _grouped():
        text += f"\n## {group}\n"
        for code in codes:
            see = f" See [{code.see[0]}](../{code.see[1]})." if code.see else ""
            text += (
                f"\n### {code.name}: {code.title} {{ #{code.name.lower()} }}\n\n{code.explanation}\n\n**Fix:** {code.fix}{see}\n"
            )
    return text


def code_table(*groups: str) -> str:
    """Return the codes of some groups, as tables in Markdown with links to that page."""
    header = ("Code", "Problem")
    parts = []
    for group, codes in _grouped():
        rows = ((f"[{code.name}](../reference/errors.md#{code.name.lower()})", code.title) for code in codes)
        parts += [f"### {group}\n\n{table(header, rows)}"] if group in groups else []
    return "\n".join(parts)


def _grouped() -> Iterator[tuple[str, list[Code]]]:
    """Yield the groups of codes with their codes."""
    for group, codes in groupby(all_codes(), key=lambda code: code.group):
        yield group, list(codes)


def example(name: str) -> str:
    """Return a file of the tests' corpus of invalid configurations, and its error messages."""
    return f"```toml\n{content(name)}```\n\n{messages(name)}"


def messages(*names: str) -> str:
    """Return the error messages of files of that corpus."""
    shown = [message for name in names for message in _messages(content(name))]
    return "```text\n" + "\n\n".join(shown) + "\n```\n"


def content(name: str) -> str:
    """Return a file of that corpus without the comments at its beginning, which are for the tests."""
    lines = (MISTAKES / f"{name}.toml").read_text("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line[:2] != "#:")


def _messages(text: str) -> Iterator[str]:
    """Yield the errors that `check` prints about a `tilebox.workflow.toml` with this content."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        path = Path(CONFIG_NAME)
        path.write_text(text, "utf-8")
        try:
            load_config(path)
        except ConfigError as error:
            yield from [plain_text(diagnostic(problem, "error")) for problem in error.problems]


def workflow_schema() -> dict[str, Any]:
    """Return the schema of `tilebox.workflow.toml`.

    It has all rules that need no files, and those on Python's names that a regular expression can express.
    """
    return {
        "$schema": DRAFT,
        "$id": "urn:hatch-tilebox:workflow",
        "title": "tilebox.workflow.toml",
        "description": "Which Tilebox workflow a project is, how its worker starts, and which files belong to its releases.",
        **with_definitions(FILE.schema()),
    }


def pyproject_schema() -> dict[str, Any]:
    """Return the schema of our tables in `pyproject.toml`; it accepts everything in other tables."""
    tables = {
        HOOK_TABLE: table_schema("Options of the build hook of hatch-tilebox.", option_keys(), HOOK_KEYS),
        TARGET_TABLE: table_schema("Options of the target tilebox. They override those of the hook.", option_keys(), TARGET_KEYS),
        PUBLISH_TABLE: table_schema("Where and how a release is published.", publish_keys(), {"disable"}),
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
        "$schema": DRAFT,
        "$id": "urn:hatch-tilebox:pyproject",
        "title": "hatch-tilebox in pyproject.toml",
        "description": "The tables of hatch-tilebox in pyproject.toml.",
        **with_definitions(root),
    }


def table_schema(description: str, keys: Iterable[Key], others: Iterable[str]) -> dict[str, Any]:
    """Return the schema of a table with our keys, and with keys of hatch that are not checked."""
    ours = {key.name: key.schema() for key in keys}
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": {**ours, **dict.fromkeys(sorted(set(others) - ours.keys()), True)},
    }


def with_definitions(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with the definitions that it refers to."""
    names = references(schema)
    return {**schema, "definitions": {name: value for name, value in rules.REFUSED.items() if name in names}}


def references(value: object) -> set[str]:
    """Return the names of all definitions that a schema refers to."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    own = {str(value["$ref"]).rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(references, value.values()))


if __name__ == "__main__":
    import api_reference

    for path, text in {**generated(), api_reference.PAGE: api_reference.api_reference()}.items():
        path.write_bytes(text.encode())
