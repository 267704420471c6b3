"""The group of commands. The module of a command is imported when it runs."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox import __version__
from hatch_tilebox.cli import COMPLETION_VARIABLE, INTERRUPTED
from hatch_tilebox.cli.group_help import COMMANDS, MAX_WIDTH, group_help, terminal_columns
from hatch_tilebox.cli.options import add_common_options, group_options

if TYPE_CHECKING:
    from collections.abc import Iterator


class _UsageProblem(click.ClickException):
    """An error of click that it prints as a problem with a code."""

    def __init__(self, error: click.ClickException) -> None:
        super().__init__(error.message)
        self.error = error
        self.exit_code = error.exit_code  # type: ignore[misc]

    def show(self, file: object = None) -> None:  # noqa: ARG002 -- click's signature
        from hatch_tilebox.cli.console import show_errors
        from hatch_tilebox.core.errors import Problem
        from hatch_tilebox.core.suggestions import did_you_mean

        context = getattr(self.error, "ctx", None)
        command = context.command_path if context else "hatch-tilebox"
        text, _, hint = self.error.format_message().removesuffix(".").partition("; ")
        message = text[:1].lower() + text[1:] if text[1:2].islower() else text
        if isinstance(self.error, click.NoSuchOption):
            message = f"{command} has no option {self.error.option_name}"
            known = [name for parameter in context.command.params for name in parameter.opts] if context else []
            hint = did_you_mean(self.error.option_name, known, quote="") or ""
        show_errors([Problem(message, hint or f"{command} --help shows how to use it", code="TBX901")])


@contextmanager
def _usage_problems() -> Iterator[None]:
    """Print errors of click in the block as problems. A group without arguments prints its help."""
    try:
        yield
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # since click 8.2
            raise
        raise _UsageProblem(error) from None


class _Commands(click.Group):
    """Imports commands by name, and reports user errors with the exit code of the error."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"hatch_tilebox.cli.{cmd_name}")
        command: click.Command = module.command
        command.short_help = COMMANDS[cmd_name]
        add_common_options(cmd_name, command)
        if COMPLETION_VARIABLE in os.environ:
            from hatch_tilebox.cli.completions import add_completions

            add_completions(command)
        return command

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _usage_problems():
            return super().make_context(info_name, args, parent, **extra)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] == "help":
            if len(args) == 1:
                click.echo(ctx.get_help())  # noqa: TID251 -- click's own text
                ctx.exit()
            args = [args[1], "--help"]
        if args[0] not in COMMANDS:
            from hatch_tilebox.core.suggestions import did_you_mean

            question = did_you_mean(args[0], COMMANDS, quote="")
            ctx.fail(f"there is no command {args[0]!r}{f'; {question}' if question else ''}")
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            rest = [*["-q"] * ctx.params["quiet"], *["-v"] * ctx.params["verbose"], *rest]
        return name, command, rest

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 -- click's signature
        return group_help(terminal_columns()).removesuffix("\n")

    def invoke(self, ctx: click.Context) -> Any:
        from hatch_tilebox.core.signals import cleans_up_when_terminated

        try:
            with cleans_up_when_terminated(with_parent=ctx.params.get("part") is not None), _usage_problems():
                return super().invoke(ctx)
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
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": MAX_WIDTH},
)
@group_options
@click.option("--part", type=click.Path(path_type=Path), hidden=True, help="Run as a part of a command with --all on this folder.")
@click.version_option(__version__, "-V", "--version", prog_name="hatch-tilebox")
def app(*, quiet: int, verbose: int, part: Path | None) -> None:
    """Run a command with the options of the group."""
