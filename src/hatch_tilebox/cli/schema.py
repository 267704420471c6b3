"""`hatch-tilebox schema`: print a JSON Schema."""

from __future__ import annotations

from pathlib import Path

import click

from hatch_tilebox.cli.output import show_line

_FILES = {
    "workflow": "tilebox.workflow.schema.json",
    "pyproject": "pyproject.schema.json",
    "release": "release.schema.json",
    "output": "output.schema.json",
}


@click.command()
@click.argument("which", type=click.Choice(list(_FILES)), default="workflow")
@click.option("--json", "as_json", is_flag=True, expose_value=False, help="Accepted for consistency; schemas are always JSON.")
@click.option("--path", is_flag=True, help="Print the path of the schema file instead, for editors.")
def command(which: str, *, path: bool) -> None:
    """Print the JSON Schema of tilebox.workflow.toml, or another one.

    The others are of our tables in `pyproject`.toml, of a `release`'s manifest, and of the `output` of commands with --json.

    Example: hatch-tilebox schema release
    """
    import hatch_tilebox

    file = Path(hatch_tilebox.__file__).parent / "schemas" / _FILES[which]
    if path:
        show_line(file)
    else:
        click.echo(file.read_text("utf-8"), nl=False)  # noqa: TID251 -- our own file
