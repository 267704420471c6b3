"""`hatch-tilebox completion`: print the completion script of a shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from hatch_tilebox.cli import COMPLETION_VARIABLE
from hatch_tilebox.cli.options import json_option
from hatch_tilebox.cli.output import show_json

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

SHELLS = ("bash", "fish", "zsh")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@json_option
@click.pass_context
def command(ctx: click.Context, shell: str, *, as_json: bool) -> None:
    """Print a script for SHELL that completes commands, options, paths, tasks, releases, targets and destinations.

    Write its output where the shell looks for completions, or evaluate it in the start-up file of the shell. Nothing is completed
    from the network.

    Example: hatch-tilebox completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    kind = cast("type[ShellComplete]", get_completion_class(shell))  # click has one for each of SHELLS
    script = kind(ctx.find_root().command, {}, "hatch-tilebox", COMPLETION_VARIABLE).source()
    if as_json:
        show_json({"shell": shell, "script": script})
    else:
        click.echo(script)  # noqa: TID251 -- a script of click, with line breaks
