"""Values and helper functions for all explanations of a failed start."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import Location, Problem

if TYPE_CHECKING:
    from hatch_tilebox.core.model import FileSet, Workflow
    from hatch_tilebox.core.pyproject import Pyproject

LAST_LINES = 20


@dataclass(frozen=True)
class Paths:
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


@dataclass(frozen=True)
class Context:
    """The start that failed. `timeout` is in seconds, `location` is where the runner or command is configured."""

    files: FileSet
    workflow: Workflow
    pyproject: Pyproject
    location: Location | None
    paths: Paths
    timeout: float
    clean: bool = False
    """Whether this is the start of a release whose project is not at hand (see `clean_start.py`)."""
    offline: bool = False

    @property
    def selected(self) -> frozenset[str]:
        """Paths of the selected files."""
        return frozenset(file.path for file in self.files.files)

    @property
    def module(self) -> str:
        """The module of the runner."""
        return (self.workflow.runner or "").partition(":")[0]

    @property
    def packaged(self) -> bool:
        """Whether uv builds and installs the project. Source: https://docs.astral.sh/uv/concepts/projects/config/#build-systems"""
        return self.pyproject.packaged

    def left_out(self, path: str) -> bool:
        """Whether the file `path` is in the project and not selected."""
        return path not in self.selected and (self.files.root / path).is_file()


def tail(text: str, lines: int = LAST_LINES) -> str | None:
    """The last lines of `text`, None if it is empty."""
    return "\n".join(text.strip().splitlines()[-lines:]) or None


def include_hint(*patterns: str) -> str:
    """The hint to add `patterns` to the selected files."""
    quoted = " and ".join(f'"{pattern}"' for pattern in patterns)
    return f"add {quoted} to [build] include in {CONFIG_NAME}"


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
    if (files.root / "pyproject.toml").is_file():
        return Problem(
            "pyproject.toml is not among the selected files, so a release runner cannot install the dependencies",
            include_hint("pyproject.toml", "uv.lock"),
            code="TBX104",
        )
    return Problem(
        "there is no pyproject.toml in the workflow's root, so a release runner cannot install the dependencies",
        "create one with `uv init --bare` and `uv add tilebox`",
        code="TBX104",
    )
