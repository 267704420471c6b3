"""Write the reference of the command line, from the commands themselves and the schema of what they print.

python docs/cli_reference.py
"""

from __future__ import annotations

import inspect
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from hatch_tilebox.cli.app import app
from hatch_tilebox.cli.build import command as build

COMMON = {
    option.help for option in build.params if isinstance(option, click.Option) and option.name in {"as_json", "quiet", "verbose"}
}
PAGE = Path(__file__).parent / "reference" / "cli.md"

HEAD = """\
# Command line

<!-- Written by docs/cli_reference.py from the commands themselves. -->

```sh
pip install "hatch-tilebox[cli]"
pip install "hatch-tilebox[cli,publish]"
```

The second also publishes to the Tilebox API and to OCI registries. `python -m hatch_tilebox` is the same as `hatch-tilebox`.
Results go to standard output, everything else to standard error.

"""
GROUP = """
`-C` stands before the command: `hatch-tilebox -C flows/scene-qa build`. A misspelt command is answered with the one that was
meant.

## All commands

`--json` prints one JSON object, and nothing else to standard output. What it holds is told below for each command;
`hatch-tilebox schema output` prints it as a JSON Schema. Keys may be added later. Errors are told on standard error, as ever; only
`check` and `verify`, whose result they are, print them as JSON.

`-v` says more and `-q` less; each may be repeated, and they add up: `-q` leaves out steps, `-qq` warnings too. Errors are always
told. `-h` and `--help` show what a command takes.

Colours are for terminals. [`NO_COLOR`](https://no-color.org) turns them off and [`FORCE_COLOR`](https://force-color.org) on; what
moves, such as a spinner or a bar, is for terminals alone. Paths and messages are never cut to the width of a terminal.

| Exit code | Meaning |
| --- | --- |
| 0 | done |
| 1 | failed: the message says what is wrong and what to do |
| 2 | wrong usage: an option, argument or command that there is not |
| 3 | incompatible: jobs of the release before would break |
| 130 | interrupted with Ctrl-C; nothing half-made is left behind |

## Shell completion

Commands, options and paths complete with the Tab key once the shell knows about it:

```sh title="bash: ~/.bashrc"
eval "$(_HATCH_TILEBOX_COMPLETE=bash_source hatch-tilebox)"
```

```sh title="zsh: ~/.zshrc"
eval "$(_HATCH_TILEBOX_COMPLETE=zsh_source hatch-tilebox)"
```

```sh title="fish: ~/.config/fish/completions/hatch-tilebox.fish"
_HATCH_TILEBOX_COMPLETE=fish_source hatch-tilebox | source
```

## Commit hook

`check` is quick enough to run before every commit, with [pre-commit](https://pre-commit.com):

```yaml title=".pre-commit-config.yaml"
repos:
  - repo: https://example.org/hatch-tilebox  # where you get hatch-tilebox from
    rev: v0.1.0
    hooks:
      - id: hatch-tilebox-check
        args: [--strict]
```
"""


def cli_reference() -> str:
    """The page."""
    context = click.Context(app, info_name="hatch-tilebox")
    parts = [HEAD, usage(context, app), options(context, app), GROUP]
    definitions = json.loads((files("hatch_tilebox") / "schemas" / "output.schema.json").read_text("utf-8"))["$defs"]
    for name in app.list_commands(context):
        command = app.get_command(context, name)
        below = click.Context(command, info_name=name, parent=context)
        parts.append(f"\n## `{name}`\n\n{description(command)}\n{picture(name)}{usage(below, command)}{options(below, command)}")
        if name in definitions:
            parts.append(output(definitions[name], definitions))
    return "".join(parts)


def description(command: click.Command) -> str:
    """Help in Markdown, with the example as a block."""
    text, _, example = inspect.cleandoc(command.help or "").partition("Example: ")
    return f"{text.strip()}\n\n```sh\n{example.strip()}\n```\n"


def picture(name: str) -> str:
    """The picture of a real run, where `docs/screens.py` makes one."""
    exists = (PAGE.parents[1] / "screens" / f"{name}.svg").is_file()
    return f"![What hatch-tilebox {name} shows](../screens/{name}.svg)\n\n" if exists else ""


def usage(context: click.Context, command: click.Command) -> str:
    """The line that shows how to call it."""
    return f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n\n"


def options(context: click.Context, command: click.Command) -> str:
    """A table of the options, without those that mean the same everywhere."""
    text = ""
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record and record[1] not in COMMON:
            names = record[0].replace("|", "\\|")
            text += f"| `{names}` | {' '.join(record[1].split())} |\n"
    return f"| Option | Meaning |\n| --- | --- |\n{text}" if text else ""


def output(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What `--json` gives, as a line and tables of the keys."""
    text = f"\nWith `--json`: {schema['description'][0].lower()}{schema['description'][1:]}\n"
    for variant in schema.get("oneOf", [schema]):
        if "$ref" in variant:
            variant = definitions[variant["$ref"].rpartition("/")[2]]  # noqa: PLW2901 -- what it stands for
        text += "\n| Key | Type | Meaning |\n| --- | --- | --- |\n"
        for key, value in variant["properties"].items():
            text += f"| `{key}` | {type_name(value)} | {value.get('description', '')} |\n"
    return text


def type_name(schema: dict[str, Any]) -> str:
    """The type in words."""
    if "$ref" in schema:
        return re.sub("([A-Z])", r" \1", schema["$ref"].rpartition("/")[2]).lower()
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "oneOf" in schema:
        return " or ".join(map(type_name, schema["oneOf"]))
    if schema.get("type") == "array":
        return f"array of {type_name(schema['items'])}"
    kinds = schema.get("type", "any")
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


if __name__ == "__main__":
    PAGE.write_bytes(cli_reference().encode())
