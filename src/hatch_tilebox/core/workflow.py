"""A workflow, its project and its selected files: what is known before a release is built.

Kept apart from the model of a release, and named tuples (see `core/config.py`): an sdist needs only these.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.constants import RELEASE_SUFFIX
from hatch_tilebox.core.identifiers import normalized_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.core.errors import Location, Problem

REGULAR_MODE = "0644"
EXECUTABLE_MODE = "0755"


class Workflow(NamedTuple):
    """The workflow of a release, and the start of its worker: exactly one of `runner` and `command` is set.

    `runner` is `module:object`, run as `uv run python -m tilebox.workflows.runner module:object`. `command` is another command that
    starts a worker.
    """

    slug: str
    runner: str | None = None
    command: tuple[str, ...] | None = None


class Project(NamedTuple):
    """The Python project, from its core metadata."""

    name: str
    version: str
    requires_python: str | None = None


class Pattern(NamedTuple):
    """A glob from the configuration. `place` returns where it is written: only messages need it, and finding it takes time."""

    text: str
    place: Callable[[], Location] | None = None

    @property
    def location(self) -> Location | None:
        """Where the glob is written, if it is known."""
        return self.place() if self.place else None


class SelectedFile(NamedTuple):
    """A regular file of a release: `path` in the release (`/` between parts), `on_disk` its path here, size in bytes.

    With `link`, the file on disk is a symbolic link to it. A named tuple with strings, because a release may have tens of thousands
    of files: creating dataclasses and `Path` objects would take longer than finding the files.
    """

    path: str
    on_disk: str
    size: int
    executable: bool = False
    link: bool = False

    @property
    def source(self) -> Path:
        """The path of the file on this machine."""
        return Path(self.on_disk)

    @property
    def mode(self) -> str:
        """The mode in the archive: "0755" for a file that its owner may execute, else "0644"."""
        return EXECUTABLE_MODE if self.executable else REGULAR_MODE


class FileSet(NamedTuple):
    """The files selected under `root`, sorted by the UTF-8 bytes of their paths, and warnings about them.

    `ignore_files` are the paths of the ignore files whose rules were applied.
    """

    root: Path
    files: tuple[SelectedFile, ...]
    warnings: tuple[Problem, ...] = ()
    ignore_files: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together, before compression."""
        return sum(file.size for file in self.files)

    @property
    def paths(self) -> frozenset[str]:
        """The paths of the files, collected again each time."""
        return frozenset(file.path for file in self.files)

    def left_out(self, path: str) -> bool:
        """Whether the file `path` exists below the root and is not selected."""
        return (self.root / path).is_file() and path not in self.paths


def release_filename(project: Project) -> str:
    """Return `<name>-<version>.tbrelease`, both spelled as in the file name of a wheel.

    Source: the binary distribution format, https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    name = normalized_name(project.name).replace("-", "_")
    return f"{name}-{project.version.replace('-', '_')}{RELEASE_SUFFIX}"
