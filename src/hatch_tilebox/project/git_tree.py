"""Files of a commit in a temporary folder: as many as selecting the files of projects needs.

All files that decide about a selection have their content. Of the others in the folders of projects only names and modes matter:
git knows the ids of their contents, so these files are empty.
"""

from __future__ import annotations

import os
import shutil
from bisect import bisect_left
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import LOCK_NAME, PYPROJECT_NAME, SDIST_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hatch_tilebox.project.git import Repository, TreeEntry

_READ = frozenset({".gitignore", ".gitmodules", "CACHEDIR.TAG", "pyvenv.cfg", "setup.py", PYPROJECT_NAME, LOCK_NAME, SDIST_RECORD})
"""Names of files that have their content, as all TOML files do."""
LINK, SUBMODULE, EXECUTABLE = "120000", "160000", "100755"
"""Modes of files in git."""
_REFUSED = frozenset({"", ".", "..", ".git"})
"""Parts of a path that git does not write to a working tree either."""


class CommitFiles:
    """The files of a commit, of which some are in the folder `root`."""

    def __init__(self, repository: Repository, tree: Mapping[str, TreeEntry], root: Path) -> None:
        self.tree = {path: entry for path, entry in tree.items() if not _REFUSED & {*path.split("/")}}
        self.root = root
        self._repository = repository
        self._sorted = sorted(self.tree)
        self._added: set[str] = set()
        exclude = repository.ask("rev-parse", "--path-format=absolute", "--git-path", "info/exclude")
        (root / ".git" / "info").mkdir(parents=True)
        if exclude and Path(exclude).is_file():
            shutil.copyfile(exclude, root / ".git" / "info" / "exclude")
        self._write(path for path in self._sorted if _has_content(path) or "/conda-meta/" in path)

    def add(self, folder: str) -> None:
        """Write the files at and below `folder`, a path relative to the repository, "." for all."""
        if folder == ".":
            self._write(self._sorted)
            return
        start = bisect_left(self._sorted, f"{folder}/")
        end = bisect_left(self._sorted, f"{folder}0")  # the character after the slash
        self._write([*self._sorted[start:end], *([folder] if folder in self.tree else [])])

    def _write(self, paths: Iterable[str]) -> None:
        new = [path for path in paths if path not in self._added]
        self._added.update(new)
        modes = {path: self.tree[path].mode for path in new}
        read = {path for path, mode in modes.items() if mode == LINK or (_has_content(path) and mode != SUBMODULE)}
        contents = self._repository.contents(self.tree[path].id for path in read) if read else {}
        for path in sorted(new, key=lambda path: modes[path] == LINK):  # nothing is written through a link
            content = contents[self.tree[path].id] if path in read else b""
            with suppress(FileExistsError, NotADirectoryError):  # names that differ in case only, on some disks
                self._write_file(self.root / path, modes[path], content)

    def _write_file(self, place: Path, mode: str, content: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        if mode == SUBMODULE:
            place.mkdir(exist_ok=True)
        elif mode == LINK:
            place.symlink_to(os.fsdecode(content))
        else:
            with Path(place).open("xb") as file:
                file.write(content)
            if mode == EXECUTABLE:
                place.chmod(0o755)


def _has_content(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in _READ or name.endswith(".toml")
