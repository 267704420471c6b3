"""Values and helper functions for all explanations of a failed start."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.suggestions import include_hint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.core.model import FileSet, Workflow
    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.discovery.clean_start import CleanStart
    from hatch_tilebox.discovery.process import Finished


class Paths(NamedTuple):
    """The staged project and the environment, which messages must not show."""

    project: Path
    prefix: Path

    def relative(self, file: str) -> str | None:
        """`file` relative to the project, None if it is not in the project."""
        folders = (folder for folder in (self.project, self.project.resolve()) if Path(file).is_relative_to(folder))
        return next((Path(file).relative_to(folder).as_posix() for folder in folders), None)

    def clean(self, text: str) -> str:
        """`text` with paths as in the user's project."""
        for folder in {str(self.project), str(self.project.resolve())}:
            text = text.replace(f"file://{folder}", "the project").replace(f"{folder}/", "").replace(f"{folder}\\", "")
            text = text.replace(folder, "the project")
        for folder in {str(self.prefix), str(self.prefix.resolve())}:
            text = text.replace(folder, "<environment>")
        return text

    def last_words(self, finished: Finished) -> str | None:
        """The last lines that a process wrote, None if it wrote nothing."""
        return finished.last_words and self.clean(finished.last_words)


class Context(NamedTuple):
    """The start that failed. `timeout` is in seconds, `location` is where the runner or command is configured.

    `clean` is how a release whose project is not at hand was started.
    """

    files: FileSet
    workflow: Workflow
    pyproject: Pyproject
    location: Location | None
    paths: Paths
    timeout: float
    clean: CleanStart | None = None

    @property
    def module(self) -> str:
        """The module of the runner."""
        return (self.workflow.runner or "").partition(":")[0]


def which_runner(runners: Iterable[str]) -> str:
    """The question whether one of these `runners` is meant, "" if there are none."""
    listed = " or ".join(f"`{runner}`" for runner in runners)
    return f"did you mean {listed}?" if listed else ""


def ending(returncode: int) -> str:
    """How a process with this return code ended, for a message."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    try:
        return f"was killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was killed by signal {-returncode}"


def no_pyproject(files: FileSet) -> Problem:
    """The problem that `pyproject.toml` is not selected."""
    if files.left_out("pyproject.toml"):
        where, hint = "pyproject.toml is not among the selected files", include_hint("pyproject.toml", "uv.lock")
    else:
        where = "there is no pyproject.toml in the workflow's root"
        hint = "create one with `uv init --bare` and `uv add tilebox`"
    return Problem(f"{where}, so a release runner cannot install the dependencies", hint, code="TBX104")
