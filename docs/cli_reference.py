"""Write the reference of the command line, from the help of the commands and the schema of their JSON output.

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

<!-- Written by docs/cli_reference.py from the help of the commands. -->

```sh
pip install "hatch-tilebox[cli]"
pip install "hatch-tilebox[cli,publish]"
pip install "hatch-tilebox[cli,publish,sign]"
```

The extra `publish` is required to publish to the Tilebox API and to OCI registries, and the extra `sign` to sign and to check
signatures. `python -m hatch_tilebox` is the same as `hatch-tilebox`. Results are printed to standard output, everything else to
standard error.

"""
GROUP = """
`-C`, `--color`, `-q` and `-v` are accepted before and after the command: `hatch-tilebox -C flows/scene-qa build` and
`hatch-tilebox build -C flows/scene-qa` are the same. `help COMMAND` shows the help of a command. For a misspelt command
or option, the message suggests the right one.

## All commands

`--json` prints one JSON object and nothing else to standard output. The sections below describe it for each command, and
`hatch-tilebox schema output` prints its JSON Schema. New keys may be added later. Errors are printed to standard error; only
`check` and `verify` print them as JSON, because errors are their result.

`-v` prints details such as whole ids, `-vv` also the output of uv below the step that it belongs to. `-q` hides steps, `-qq` also
warnings. Both can be combined. Errors are always printed.
`-h` and `--help` show the arguments and options of a command.

At a terminal, a command that takes a project one step further ends with the next command to type, in grey: from `init` to `run`,
`publish`, `deploy` and `clusters`. `-q` leaves it out.

Colours are used only in terminals. `--color` decides otherwise, and so do [`NO_COLOR`](https://no-color.org) and
[`FORCE_COLOR`](https://force-color.org). Spinners and progress bars are shown only in terminals. Paths and messages are never
truncated to the width of a terminal.

| Exit code | Meaning |
| --- | --- |
| 0 | success |
| 1 | failure: the message explains what is wrong and how to fix it |
| 2 | invalid usage: an unknown option, argument or command |
| 3 | incompatible: jobs of the previous release would break |
| 130 | interrupted with Ctrl-C; nothing incomplete is left behind |

## Shell completion

To complete commands, options, paths, tasks, releases, targets and destinations with the Tab key, add one of these lines:

```sh title="bash: ~/.bashrc"
eval "$(hatch-tilebox completion bash)"
```

```sh title="zsh: ~/.zshrc"
eval "$(hatch-tilebox completion zsh)"
```

```sh title="fish: ~/.config/fish/completions/hatch-tilebox.fish"
hatch-tilebox completion fish | source
```

## Commit hook

`check` is fast enough to run before every commit, with [pre-commit](https://pre-commit.com):

```yaml title=".pre-commit-config.yaml"
repos:
  - repo: https://example.org/hatch-tilebox  # the repository of hatch-tilebox
    rev: v0.1.0
    hooks:
      - id: hatch-tilebox-check
        args: [--strict]
```
"""
EVERY = """\
## The option `--all`

`build`, `check`, `verify`, `publish` and `deploy` have it. The command runs for each project in the folder that its argument names,
and below it; see [share code between workflows](../how-to/share-code.md#all-workflows-at-once). The exit code is the highest one.
"""


def cli_reference() -> str:
    """Return the page."""
    context = click.Context(app, info_name="hatch-tilebox", **app.context_settings)
    parts = [HEAD, usage(context, app), options(context, app), GROUP]
    definitions = json.loads((files("hatch_tilebox") / "schemas" / "output.schema.json").read_text("utf-8"))["$defs"]
    parts.append(f"\n{EVERY}{output(definitions['all'], definitions)}")
    for name in app.list_commands(context):
        command = app.get_command(context, name)
        below = click.Context(command, info_name=name, parent=context)
        parts.append(f"\n## `{name}`\n\n{description(command)}\n{picture(name)}{usage(below, command)}{options(below, command)}")
        if name in definitions:
            parts.append(output(definitions[name], definitions))
    return "".join(parts)


def description(command: click.Command) -> str:
    """Return the help of a command in Markdown, with the example as a code block."""
    text, _, example = inspect.cleandoc(command.help or "").partition("Example: ")
    return f"{text.strip()}\n\n```sh\n{example.strip()}\n```\n"


def picture(name: str) -> str:
    """Return the picture of a real run, or else a caption for the usage below, if `docs/screens.py` has not created one yet."""
    exists = (PAGE.parents[1] / "screens" / f"{name}.svg").is_file()
    return f"![The output of hatch-tilebox {name}](../screens/{name}.svg)\n\n" if exists else "Usage:\n\n"


def usage(context: click.Context, command: click.Command) -> str:
    """Return the usage line of a command."""
    return f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n\n"


def options(context: click.Context, command: click.Command) -> str:
    """Return a table of the options, without those that all commands have."""
    text = ""
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record and record[1] not in COMMON:
            names = record[0].replace("|", "\\|")
            text += f"| `{names}` | {' '.join(record[1].split())} |\n"
    return f"| Option | Meaning |\n| --- | --- |\n{text}" if text else ""


def output(schema: dict[str, Any], definitions: dict[str, Any]) -> str:
    """Return the description of the JSON output, with tables of its keys."""
    text = f"\nWith `--json`: {schema['description'][0].lower()}{schema['description'][1:]}\n"
    for variant in schema.get("oneOf", [schema]):
        if "$ref" in variant:
            variant = definitions[variant["$ref"].rpartition("/")[2]]  # noqa: PLW2901 -- the referenced definition
        text += "\n| Key | Type | Meaning |\n| --- | --- | --- |\n"
        for key, value in variant["properties"].items():
            text += f"| `{key}` | {type_name(value)} | {value.get('description', '')} |\n"
    return text


def type_name(schema: dict[str, Any]) -> str:
    """Return the type that a schema describes, in words."""
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
