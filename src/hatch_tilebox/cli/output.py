"""The output that all commands share: the result on stdout as lines without colours or as JSON, and questions to the user."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from hatch_tilebox.cli.console import RichProgress
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.urls import hide_logins

if TYPE_CHECKING:
    from hatch_tilebox.core.errors import Problem


@dataclass(frozen=True)
class Output:
    """What the user wants to see. `form` is "text", "json", "github" or "gitlab"; `verbosity` is that of `RichProgress`."""

    form: str
    verbosity: int

    @property
    def as_json(self) -> bool:
        """Whether the result is one JSON object, the only output on stdout."""
        return self.form == "json"

    @property
    def everything(self) -> bool:
        """Whether details are shown."""
        return self.verbosity > 0

    @property
    def whole_ids(self) -> bool:
        """Whether ids are whole on stdout."""
        return self.everything or not sys.stdout.isatty()

    def progress(self) -> closing[RichProgress]:
        """Return the progress on stderr, which a `with` statement closes."""
        return closing(RichProgress(self.verbosity))

    def show(self, result: dict[str, Any], *lines: object) -> None:
        """Print the result of the command on stdout: as JSON, or else the lines."""
        if self.as_json:
            show_json(result)
        else:
            for line in lines:
                show_line(line)

    def agreed(self, question: str) -> bool:
        """Return whether the user agrees. False without a terminal and with `--json`, where nobody is asked."""
        return not self.as_json and sys.stdin.isatty() and click.confirm(printable(question), err=True)


def ask_secret(question: str) -> str:
    """Ask the user for a secret without showing it. Return "" if there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    return str(click.prompt(printable(question), hide_input=True, err=True))


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
