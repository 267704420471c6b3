"""`hatch-tilebox adopt`: add hatch-tilebox to an existing project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import output_options, project_argument
from hatch_tilebox.cli.output import ask_secret, problem_json, show_line

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.cli.output import Output
    from hatch_tilebox.project.adopt.plan import Adoption

_LOCK_CODES = {"TBX031", "TBX032"}
"""The notes that say to run `uv lock`."""


@click.command()
@project_argument
@click.option("-y", "--yes", is_flag=True, help="Write the changes without asking.")
@click.option("--create", metavar="NAME", help="Also create the workflow NAME at Tilebox, and write its slug.")
@click.option("--summary", help="What the workflow does, in one line, for Tilebox.  [default: the name]")
@output_options
def command(project: Path, *, yes: bool, create: str | None, summary: str | None, output: Output) -> None:
    """Add hatch-tilebox to the project in the folder PROJECT. The changes are shown first, and written if you agree.

    pyproject.toml gets the build system and the build hook, and keeps its comments, order and style. If there is no
    tilebox.workflow.toml, one is created for the Runner object in the code; a direct runner gets such an object. A second run
    changes nothing.

    Example: hatch-tilebox adopt --yes
    """
    from hatch_tilebox.project.adopt.changes import apply_changes
    from hatch_tilebox.project.adopt.plan import plan_adoption
    from hatch_tilebox.project.new_workflow import api_url, create_workflow
    from hatch_tilebox.publish.tilebox.credentials import api_key

    adoption = plan_adoption(project.resolve(), create)
    key = api_key(api_url(), ask_secret) if create else ""
    if not output.as_json:
        _show(adoption, output.verbosity)
    apply = bool(adoption.changes) and (yes or output.agreed("Write this?"))
    if apply and create:
        with output.progress() as progress:
            _write_with_slug(adoption, create_workflow(create, summary or create, key, progress))
    elif apply:
        apply_changes(adoption.root, adoption.changes)
    changes = [{"path": change.path, "diff": change.diff} for change in adoption.changes]
    result = {"applied": apply, "changes": changes, "notes": [problem_json(note) for note in adoption.notes]}
    output.show(result, *(change.path for change in adoption.changes if apply))
    if adoption.changes and not apply:
        show_line("Nothing was changed. Use --yes to write the changes.", err=True)
        raise click.exceptions.Exit(1)
    unlocked = any(note.code in _LOCK_CODES for note in adoption.notes)
    show_next("adopt without a lock" if unlocked else "adopt", project=project)


def _write_with_slug(adoption: Adoption, slug: str) -> None:
    """Write the changes with the slug of the workflow that was created."""
    from hatch_tilebox.core.errors import Problem, TileboxError
    from hatch_tilebox.project.adopt.changes import apply_changes

    adoption.set_slug(slug)
    try:
        apply_changes(adoption.root, adoption.changes)
    except TileboxError as error:
        remains = Problem(f"the workflow {slug} was created at Tilebox and stays there", code="TBX801")
        raise type(error)(*error.problems, remains) from None


def _show(adoption: Adoption, verbosity: int) -> None:
    from hatch_tilebox.cli.console import show_diff, show_problems
    from hatch_tilebox.cli.safe_console import SafeConsole

    console = SafeConsole(stderr=True)
    for change in adoption.changes:
        show_diff(change.diff, console)
    if verbosity >= 0:
        show_problems(adoption.notes, level="note", console=console)
        if not adoption.changes:
            console.print("Nothing to change.")
