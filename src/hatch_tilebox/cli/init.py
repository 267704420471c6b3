"""`hatch-tilebox init`: create a new workflow project."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import output_options

if TYPE_CHECKING:
    from hatch_tilebox.cli.output import Output


@click.command()
@click.argument("path", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--name", help="The name of the workflow.  [default: the name of the folder]")
@click.option("--summary", help="What the workflow does, in one line, for Tilebox.  [default: the name]")
@click.option("--offline", is_flag=True, help="Make up a slug instead of creating the workflow at Tilebox.")
@click.option("--no-git", is_flag=True, help="Do not make the folder a Git repository.")
@output_options
def command(path: Path, name: str | None, summary: str | None, *, offline: bool, no_git: bool, output: Output) -> None:
    """Create a workflow project in the folder PATH: configuration, a runner with one task and its test, environment and lock.

    The folder becomes a Git repository, unless it is in one or git is missing. A README.md, .gitignore, .python-version and a
    folder `tests` that are there already stay as they are.

    With a key in TILEBOX_API_KEY or the keyring, the workflow is created at Tilebox, which returns the slug. If a step fails, the
    folder is restored.

    Example: hatch-tilebox init --name "Scene QA" scene-qa
    """
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.project.new_workflow import create_workflow, find_key
    from hatch_tilebox.project.scaffold import scaffold_project

    root = path.resolve()
    key = None if offline else find_key()
    with output.progress() as progress:
        name = name or root.name
        create = partial(create_workflow, summary=summary or name, key=key, progress=progress) if key else None
        scaffold = scaffold_project(root, name, create, progress, git=not no_git)
        if not key and not offline:
            progress.warning(
                Problem(
                    f"no key, so no workflow was created at Tilebox; the slug {scaffold.slug} is known here only",
                    hint="before publishing to Tilebox, create the workflow there and write its slug into tilebox.workflow.toml",
                    code="TBX801",
                )
            )
        if not scaffold.synced:
            progress.warning(
                Problem(f"{root / '.venv'} was there already and was left alone", hint="uv sync fits it to the lock", code="TBX804")
            )
    result = {
        "path": str(root),
        "slug": scaffold.slug,
        "created_remotely": scaffold.created_remotely,
        "files": list(scaffold.files),
        "repository": scaffold.repository,
    }
    output.show(result, root)
    show_next("init", project=path)
