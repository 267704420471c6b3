"""Changes of files: their texts before and after, and the writing of them."""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.read_text import UnreadableTextError, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class Change:
    """A file, relative to the project, with its text before (None if there is no file) and after."""

    path: str
    before: str | None
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        return "".join(self._diff_lines())

    def _diff_lines(self) -> Iterator[str]:
        old, new = ((text or "").splitlines(keepends=True) for text in (self.before, self.after))
        for line in difflib.unified_diff(old, new, "/dev/null" if self.before is None else self.path, self.path):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def apply_changes(root: Path, changes: Iterable[Change]) -> None:
    """Write changes of the project in the folder `root`; each file appears whole.

    Raises ConfigError before anything is written if a file has changed since or is not part of the project, and if a file cannot be
    written.
    """
    for change, real in [(change, _target(root, change)) for change in changes]:
        _write(change, real)


def read_file(root: Path, name: str) -> str:
    """Return the text of a file of the project with its line ends as they are. Raises ConfigError if it cannot be read."""
    try:
        return read_text(root / name)
    except FileNotFoundError as error:
        raise ConfigError(Problem("is a link to a file that does not exist", "remove it", Location(name), code="TBX003")) from error
    except UnreadableTextError as error:
        raise ConfigError(Problem(error.reason, error.hint, Location(name, error.line, error.column), code="TBX003")) from error


def _write(change: Change, real: Path) -> None:
    try:
        mode = None if change.before is None else stat.S_IMODE(real.stat().st_mode)
        with whole_file(real, mode=mode) as file:
            file.write(change.after.encode())
    except OSError as error:
        raise ConfigError(Problem(f"cannot be written: {error.strerror}", location=Location(change.path), code="TBX401")) from error


def _target(root: Path, change: Change) -> Path:
    """The file to write. A link to a file of the project stays a link; a link to another file is refused."""
    path = root / change.path
    if (read_file(root, change.path) if os.path.lexists(path) else None) != change.before:
        message = "changed meanwhile, and no file was written"
        raise ConfigError(Problem(message, "run the command again", Location(change.path), code="TBX802"))
    real = Path(os.path.realpath(path))
    if path.is_symlink() and not real.is_relative_to(Path(os.path.realpath(root))):
        message = f"is a link to {real}, outside the project"
        raise ConfigError(Problem(message, "put the file itself there", Location(change.path), code="TBX802"))
    return real
