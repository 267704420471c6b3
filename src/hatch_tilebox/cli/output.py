"""Options and output that all commands share: `--json`, `-q`, `-v`, and lines without colours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.core.errors import Problem

    Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Add `--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")(command)


def format_option(command: Command) -> Command:
    """Add `--output-format`, as the argument `output_format`. `--json` is a short form of `--output-format json`."""
    text = "Format of the errors and warnings: for people, one JSON object, or annotations for GitHub or GitLab."
    choice = click.Choice(["text", "json", "github", "gitlab"])
    return click.option("--output-format", type=choice, default="text", show_default=True, help=text)(command)


def output_options(command: Command) -> Command:
    """Add `--json`, `-q` and `-v`, as the arguments `as_json`, `quiet` and `verbose`. The last two are counts."""
    command = click.option("-v", "--verbose", count=True, help="Print more; twice: also the output of uv.")(command)
    command = click.option("-q", "--quiet", count=True, help="Print less; twice: only errors.")(command)
    return json_option(command)


def env_option(command: Command) -> Command:
    """Add `--env`, as the argument `env`: environment variables for the workflow's code."""
    text = "Pass an environment variable to the workflow's code, or set it there; `*` in NAME matches any characters."
    return click.option("--env", metavar="NAME[=VALUE]", multiple=True, callback=_check_variables, help=text)(command)


def _check_variables(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    from hatch_tilebox.project.rules import check_variable

    for text in value:
        if wrong := check_variable(text.partition("=")[0]):
            raise click.BadParameter(wrong, ctx, param)
    return value


def show_json(result: Any) -> None:
    """Print the result of a command as JSON, the only output on stdout."""
    click.echo(json.dumps(result, indent=2))  # noqa: TID251 -- JSON escapes controls and surrogates itself


def show_line(text: object, *, err: bool = False) -> None:
    """Print a line on stdout or stderr. Control characters in `text` are escaped."""
    click.echo(printable(str(text)), err=err)  # noqa: TID251 -- the one place


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON values. `line` and `column` start at 1 and are null if they are not known."""
    place = problem.location
    return {
        "code": problem.code,
        "message": hide_logins(problem.message),
        "hint": problem.hint and hide_logins(problem.hint),
        "details": problem.details and hide_logins(problem.details),
        "file": place.path if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
    }
