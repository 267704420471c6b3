"""The folder that a release is written to."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import ArchiveError, Problem

if TYPE_CHECKING:
    from pathlib import Path


def make_output_folder(folder: Path) -> None:
    """Create the folder for a release if it is missing. Raises ArchiveError if the folder is not writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_be_written(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise cannot_be_written(folder, OSError(errno.EACCES, os.strerror(errno.EACCES)))


def cannot_be_written(path: Path, error: OSError) -> ArchiveError:
    """Return the error for a release or its folder at `path`."""
    hint = f"write the release to another folder: `--out FOLDER`, or the option `output-dir` {OPTIONS_PLACE}"
    return ArchiveError(Problem(f"{path} cannot be written: {error.strerror}", hint, code="TBX401"))
