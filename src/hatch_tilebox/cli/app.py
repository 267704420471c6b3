"""The group of commands. The module of a command is imported when it runs, so that `--version` and `--help` are fast."""

from __future__ import annotations

import errno
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from hatch_tilebox import __version__
from hatch_tilebox.cli import INTERRUPTED

_COMMANDS = {
    "init": "Create a new workflow project",
    "adopt": "Add hatch-tilebox to a project",
    "check": "Check a project without running its code",
    "files": "Show the files of the release, or the rule that decides about one",
    "projects": "List the workflow projects of a repository",
    "build": "Build the release of a workflow project",
    "inspect": "Show the manifest of a release",
    "verify": "Check that a release is complete and starts",
    "diff": "Compare two releases",
    "run": "Try a task of a release on this machine",
    "report": "Show a release, a run or the changes between releases in a browser",
    "extract": "Unpack a release into a folder",
    "publish": "Publish a built release",
    "fetch": "Fetch a published release",
    "releases": "List published releases",
    "deploy": "Deploy a published release to clusters",
    "promote": "Deploy the release of one cluster to others",
    "rollback": "Deploy the release that ran before",
    "undeploy": "Remove a release from clusters",
    "clusters": "List clusters and what runs on them",
    "unpublish": "Remove a published release",
    "cache": "Show or clear the build cache of this machine",
    "explain": "Explain the code of an error or warning",
    "schema": "Print a JSON Schema",
}


class _Commands(click.Group):
    """Imports commands by name, and reports user errors with the exit code of the error."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"hatch_tilebox.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS:
            from difflib import get_close_matches

            if close := get_close_matches(args[0], _COMMANDS, 1):
                ctx.fail(f"there is no command {args[0]!r}; did you mean {close[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        from hatch_tilebox.core.signals import cleans_up_when_terminated

        try:
            with cleans_up_when_terminated(with_parent=ctx.params.get("part") is not None):
                return super().invoke(ctx)
        except click.ClickException as error:
            from hatch_tilebox.core.printable import printable
            from hatch_tilebox.core.urls import hide_logins

            error.message = printable(hide_logins(error.message), lines=True)  # type: ignore[misc]  # Final, for it is shown only after this
            raise
        except (KeyboardInterrupt, click.Abort):
            from hatch_tilebox.cli.output import show_line

            show_line("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            from hatch_tilebox.core.errors import Location, Problem, TileboxError

            if isinstance(error, OSError) and error.strerror and error.errno != errno.EPIPE:
                # Such as a full disk, a name that is too long, or a folder that is not writable.
                place = Location(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes | os.PathLike) else None
                error = TileboxError(Problem(f"the system refuses this: {error.strerror}", location=place))
            if not isinstance(error, TileboxError):
                raise
            from hatch_tilebox.cli.console import show_errors

            show_errors(error.problems)
            if ctx.params.get("part") is not None:
                from hatch_tilebox.cli.output import problem_json, show_json

                show_json({"errors": [problem_json(problem) for problem in error.problems]})
            ctx.exit(error.exit_code)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 incompatible with the release before, 130 interrupted.",
)
@click.option("-C", "directory", type=click.Path(exists=True, file_okay=False), help="Change to this folder first.")
@click.option("--part", type=click.Path(path_type=Path), hidden=True, help="Run as a part of a command with --all on this folder.")
@click.version_option(__version__, prog_name="hatch-tilebox")
def app(directory: str | None, part: Path | None) -> None:  # noqa: ARG001 -- read by `repository_of`
    """Turn Tilebox workflow projects into releases."""
    if directory is not None:
        os.chdir(directory)
