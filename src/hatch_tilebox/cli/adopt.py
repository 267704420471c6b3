"""`hatch-tilebox adopt`: hatch-tilebox for a project that is there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.output import output_options, problem_json, show_json, show_line

if TYPE_CHECKING:
    from hatch_tilebox.project.adopt.plan import Adoption


@click.command(short_help="Add hatch-tilebox to a project")
@click.argument("project", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("-y", "--yes", is_flag=True, help="Write the changes without asking.")
@output_options
@click.pass_context
def command(ctx: click.Context, project: Path, *, yes: bool, as_json: bool, quiet: int, verbose: int) -> None:
    """Add hatch-tilebox to the project in the folder PROJECT: show what changes, ask, and write it.

    pyproject.toml gets the build system and the build hook, keeping comments, order and style. Without a tilebox.workflow.toml
    one is written for the Runner object found in the code; a direct runner gets one. A second run changes nothing.

    Example: hatch-tilebox adopt --yes
    """
    from hatch_tilebox.project.adopt.plan import apply_changes, plan_adoption

    adoption = plan_adoption(project.resolve())
    if not as_json:
        _show(adoption, verbose - quiet)
    apply = bool(adoption.changes) and (yes or _agreed(ask=not as_json))
    if apply:
        apply_changes(adoption)
    if as_json:
        changes = [{"path": change.path, "diff": change.diff} for change in adoption.changes]
        show_json({"applied": apply, "changes": changes, "notes": [problem_json(note) for note in adoption.notes]})
    elif apply:
        for change in adoption.changes:
            show_line(change.path)
    if adoption.changes and not apply:
        show_line("Nothing was changed; --yes writes it.", err=True)
        ctx.exit(1)


def _show(adoption: Adoption, verbosity: int) -> None:
    from rich.text import Text

    from hatch_tilebox.cli.console import SafeConsole
    from hatch_tilebox.core.printable import printable

    console = SafeConsole(stderr=True)
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for change in adoption.changes:
        for line in change.diff.split("\n")[:-1]:
            style = "bold" if line.startswith(("---", "+++")) else styles.get(line[:1], "")
            console.print(Text(printable(line.removesuffix("\r"), lines=True), style), soft_wrap=True)
    if verbosity >= 0:
        for note in adoption.notes:
            console.print(Text("note", "yellow").append(f": {note}", "default"), soft_wrap=True)
        if not adoption.changes:
            console.print("Nothing to change.")


def _agreed(*, ask: bool) -> bool:
    """What the user says; no, where nobody sits at a terminal."""
    return ask and sys.stdin.isatty() and click.confirm("Write this?", err=True)
