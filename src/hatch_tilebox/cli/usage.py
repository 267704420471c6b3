"""Errors in the use of the command line, printed like all other errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hatch_tilebox.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from hatch_tilebox.core.errors import Problem


class UsageProblem(click.UsageError):
    """A usage error that click prints as a problem with a code."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(error.message, error.ctx)
        self.error = error

    def show(self, file: object = None) -> None:  # noqa: ARG002 -- click's signature
        from hatch_tilebox.cli.console import show_errors

        show_errors([usage_problem(self.error)])


def usage_problem(error: click.UsageError) -> Problem:
    """Return the problem for an error of click."""
    from hatch_tilebox.core.errors import Problem

    command = error.ctx.command_path if error.ctx else "hatch-tilebox"
    hint = f"{command} --help shows how to use it"
    if isinstance(error, click.NoSuchOption):
        message = f"{command} has no option {error.option_name}"
        known = [name for parameter in error.ctx.command.params for name in parameter.opts] if error.ctx else []
        hint = did_you_mean(error.option_name, known, quote="") or hint
    else:
        text, _, advice = error.format_message().removesuffix(".").partition("; ")
        message, hint = (text[:1].lower() + text[1:] if text[1:2].islower() else text), advice or hint
    return Problem(message, hint, code="TBX901")
