"""Errors of users, and their places in files.

Frontends and commands catch `TileboxError`, print it and exit with its `exit_code`. Any other exception is a bug.
"""

from __future__ import annotations

from typing import NamedTuple

from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.urls import hide_logins


class Location(NamedTuple):
    """A place in a text file. `line` and `column` count from 1; 0 means the file as a whole."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.path, *(str(number) for number in (self.line, self.column) if number)])


class Fix(NamedTuple):
    """A change that removes a problem, for `check --fix`. Without `file`, it is in the file that describes the workflow.

    `action` is "rename" (the key at `path` of a TOML `file` gets the name `value`), "append" (the array there gets the item
    `value`), "set" (a key that is not there gets `value`), or "lock" (run `uv lock`).
    """

    action: str
    file: str = ""
    path: tuple[str | int, ...] = ()
    value: str | bool = ""

    @classmethod
    def include(cls, pattern: str) -> Fix:
        """Return the fix that adds a pattern to `[build] include` of the workflow's file, which has no `file` here."""
        return cls("append", "", ("build", "include"), pattern)


class Problem(NamedTuple):
    """One problem of an error or a warning.

    `message` is one line: what is wrong and what is allowed. `hint` is what to do about it. `details` are more lines, usually the
    output of other programs, such as a traceback or the last lines of uv. `code` is the code of its kind, see
    `hatch_tilebox.codes`; a problem without one gets the code of the error that it is raised with.
    """

    message: str
    hint: str | None = None
    location: Location | None = None
    details: str | None = None
    code: str = ""
    fix: Fix | None = None

    @property
    def shown(self) -> Problem:
        """The same, safe to show: without logins in URLs, and with a message of one line, so that no name can imitate a message."""
        place = self.location and self.location._replace(path=printable(self.location.path))
        hint = self.hint and printable(hide_logins(self.hint), lines=True)
        details = self.details and printable(hide_logins(self.details), lines=True)
        return Problem(printable(hide_logins(self.message)), hint, place, details, self.code, self.fix)

    def __str__(self) -> str:
        message, hint, place, details, *_ = self.shown
        text = f"{place}: {message}" if place else message
        if details:
            text += "\n" + "\n".join(f"  | {line}".rstrip() for line in details.splitlines())
        if hint:
            text += "\n" + "\n".join(f"  {line}".rstrip() for line in f"hint: {hint}".splitlines())
        return text


class TileboxError(Exception):
    """One or more problems that stop the work and that the user can fix. `str()` is the whole message, ready to print.

    `code` is the code of problems that have no other.
    """

    exit_code = 1
    code = "TBX900"

    def __init__(self, *problems: Problem | str) -> None:
        found = (Problem(problem) if isinstance(problem, str) else problem for problem in problems)
        self.problems = tuple(problem if problem.code else problem._replace(code=self.code) for problem in found)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ConfigError(TileboxError):
    """`tilebox.workflow.toml`, or a table of hatch-tilebox in `pyproject.toml`, is invalid."""

    code = "TBX010"


class SelectionError(TileboxError):
    """The selected files cannot make a release."""

    code = "TBX100"


class DiscoveryError(TileboxError):
    """The workflow's runtime cannot be prepared, does not start, or has no usable tasks."""

    code = "TBX300"


class ArchiveError(TileboxError):
    """A `.tbrelease` cannot be written, or is not trusted."""

    code = "TBX400"


class PublishError(TileboxError):
    """A destination refuses a release or cannot be reached."""

    code = "TBX500"


class RunError(TileboxError):
    """A task of a release cannot be executed on this machine as asked."""

    code = "TBX600"


class InputError(RunError):
    """The input that is given to a task is not one that the task accepts."""

    code = "TBX601"


class PluginError(TileboxError):
    """A check that a plugin brings refuses the release, or a plugin cannot be loaded or fails."""

    code = "TBX700"


class IncompatibleError(TileboxError):
    """A release breaks jobs that were submitted to the release before it."""

    exit_code = 3
    code = "TBX510"
