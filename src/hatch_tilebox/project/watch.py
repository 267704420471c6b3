"""Wait until a file changes that the release of a project is made from."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hatch_tilebox.core.constants import LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import TileboxError
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.project.find import config_file
from hatch_tilebox.project.open import open_project

if TYPE_CHECKING:
    from collections.abc import Iterable

    State: TypeAlias = "tuple[int, int, int] | None"

POLL = 0.1
"""Seconds between two looks at the files. The status of a few hundred files takes some milliseconds."""
QUIET = 0.05
"""Seconds without a change after which all changes of one edit have arrived."""


class Watch:
    """The files of a project and their states at the last look.

    A file that could be selected later, such as a new one in a new folder, changes a folder, and then the files are selected again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[Path, State] = {}
        self._folders: dict[Path, State] = {}
        self.look()

    @property
    def count(self) -> int:
        """The number of watched files."""
        return len(self._files)

    def look(self) -> None:
        """Remember the states of the files as they are now."""
        paths = self._find()
        self._files, self._folders = _states(paths), _states(_folders(paths, self._root))

    def wait(self) -> list[str]:
        """Wait until files are not as at the last look, and return their paths, relative to the project, sorted. Look again."""
        while True:
            while not self.differs():
                time.sleep(POLL)
            self._let_settle()
            before = self._files
            self.look()
            after = self._files
            if changed := [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]:
                return sorted(os.path.relpath(path, self._root) for path in changed)

    def differs(self) -> bool:
        """Whether files or folders are not as at the last look."""
        return any(_state(path) != state for known in (self._files, self._folders) for path, state in known.items())

    def _let_settle(self) -> None:
        """Wait until nothing changes any more: editors write several files, and replace them in several steps."""
        before = _states(self._files)
        while True:
            time.sleep(QUIET)
            now = _states(self._files)
            if now == before:
                return
            before = now

    def _find(self) -> set[Path]:
        """What the release is made from. While the configuration is broken: what it was made from before."""
        own = {self._root / PYPROJECT_NAME, self._root / LOCK_NAME}
        try:
            own.add(config_file(peek_pyproject(self._root)))
            project = open_project(self._root, run_code=False)
            selected = {Path(file.on_disk) for file in project.select().files}
            sources = project.local_sources()
            for package in sources.packages if sources else ():
                selected |= {Path(file.on_disk) for file in package.files().files}
        except TileboxError:
            selected = {*self._files}
        return own | selected


def _folders(files: Iterable[Path], root: Path) -> set[Path]:
    """The folders in which a new file may be selected: those of `files`, those between them and `root`, and the ones in these."""
    found = {root}
    for file in files:
        found.add(file.parent)
        if file.is_relative_to(root):
            found |= {folder for folder in file.parents if folder.is_relative_to(root)}
    for folder in [*found]:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:  # it may have vanished
            found |= {Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)}
    return found


def _states(paths: Iterable[Path]) -> dict[Path, State]:
    return {path: _state(path) for path in paths}


def _state(path: Path) -> State:
    """What changes when a file is written or replaced. None if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
