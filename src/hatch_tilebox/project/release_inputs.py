"""What the release of a project is made from, in the working tree of a repository or in one of its commits."""

from __future__ import annotations

import os
import shutil
from bisect import bisect_left
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import LOCK_NAME, PYPROJECT_NAME, SDIST_RECORD
from hatch_tilebox.core.errors import ConfigError, Problem
from hatch_tilebox.core.uv_lock import read_lock
from hatch_tilebox.project.find import find_pyproject
from hatch_tilebox.project.metadata import read_project
from hatch_tilebox.project.open import load_project
from hatch_tilebox.project.pyproject import check_pyproject
from hatch_tilebox.project.vendor.local_packages import local_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from hatch_tilebox.core.model import FileSet, Workflow
    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.core.uv_lock import UvLock
    from hatch_tilebox.project.git import Repository, TreeEntry
    from hatch_tilebox.project.vendor.local_packages import LocalPackage, LocalSources

    Contents: TypeAlias = "Mapping[str, tuple[bool, str]]"

_GENERATED = frozenset({PYPROJECT_NAME, LOCK_NAME})
_READ = frozenset({".gitignore", ".gitmodules", "CACHEDIR.TAG", "pyvenv.cfg", "setup.py", PYPROJECT_NAME, LOCK_NAME, SDIST_RECORD})
"""Names of files that have their content, as all TOML files do."""
_LINK, _SUBMODULE, _EXECUTABLE = "120000", "160000", "100755"
"""Modes of files in git."""
_REFUSED = frozenset({"", ".", "..", ".git"})
"""Parts of a path that git does not write to a working tree either."""


@dataclass(frozen=True)
class ReleaseInputs:
    """What a release is made from, as far as it is known without a build.

    `files` and `packages` have, by path, whether a file is executable and the id that git gives to its content. `sources` is None
    unless files of the release are generated; then these are not in `files`. `packages` are those that go in as wheels, by name
    and with their place.
    """

    workflow: Workflow
    metadata: tuple[str, ...]
    files: Contents
    packages: Mapping[str, tuple[str, Contents]]
    sources: LocalSources | None


class Side:
    """One of the two states of a repository that are compared.

    `top` is the folder of its files, `tree` what git has of them. `locks` keeps the locks that were read for both states, by their
    content: reading a lock takes long.
    """

    def __init__(self, top: Path, tree: Mapping[str, TreeEntry], locks: dict[bytes, UvLock]) -> None:
        self.top = top
        self.tree = tree
        self._prefix = f"{top}{os.sep}"
        self._locks = locks
        self._read_locks: dict[Path, UvLock] = {}
        self._packages: dict[Path, Contents] = {}

    def read(self, folder: Path) -> ReleaseInputs:
        """Return what the release of the project in `folder` is made from. Raises a `TileboxError` for what stops a build."""
        pyproject = check_pyproject(find_pyproject(folder))
        project = load_project(pyproject, lambda: read_project(pyproject))
        self._prepare(project.config.root)
        files = project.select()
        sources = local_sources(files.root, self._lock) if project.options.vendor else None
        if project.options.vendor and sources is None:
            message = f"there is no {LOCK_NAME}, so it is not known which packages vendor puts into the release"
            raise ConfigError(Problem(message, "run: uv lock", code="TBX032"))
        if sources and sources.self_contained:
            sources = None
        contents = self._contents(files)
        if sources:
            contents = {path: content for path, content in contents.items() if path not in _GENERATED}
        packages = {package.name: (package.path, self._package(package)) for package in sources.packages} if sources else {}
        return ReleaseInputs(project.config.workflow, self._metadata(project.pyproject), contents, packages, sources)

    def _contents(self, files: FileSet) -> Contents:
        """Return, by the path in `files`, whether a file is executable, and the id of its content."""
        places = {file.path: self._place(file.on_disk) for file in files.files}
        ids = self._ids(places.values())
        return {file.path: (file.executable, ids[places[file.path]]) for file in files.files if places[file.path] in ids}

    def _place(self, on_disk: str) -> str:
        """Return the path of a file in the repository, with links followed; an absolute path if it is outside."""
        path = self._relative(on_disk)
        if path in self.tree and self.tree[path].mode != _LINK:
            return path
        return self._relative(os.path.realpath(on_disk))

    def _relative(self, on_disk: str) -> str:
        return on_disk.removeprefix(self._prefix).replace(os.sep, "/")

    def _package(self, package: LocalPackage) -> Contents:
        if not package.place.is_relative_to(self.top):
            # A commit does not have its files, so it counts as changed. A lock may name any folder of this machine: none is read.
            return {package.path: (False, type(self).__name__)}
        if package.place not in self._packages:
            self._packages[package.place] = self._contents(package.files())
        return self._packages[package.place]

    def _lock(self, path: Path) -> UvLock:
        if path not in self._read_locks:
            content = path.read_bytes()
            if content not in self._locks:
                self._locks[content] = read_lock(path)
            self._read_locks[path] = self._locks[content]
            self._prepare_packages(path.parent, self._locks[content])
        return self._read_locks[path]

    def _metadata(self, pyproject: Pyproject) -> tuple[str, ...]:
        """Return what the manifest has of the project. Of a version that a build computes, it is the file that has the version."""
        project = pyproject.table("project")
        values = [str(project.get(key)) for key in ("version", "requires-python")]
        named = pyproject.hatch_table("version").get("path") if "version" in pyproject.dynamic else None
        if isinstance(named, str) and (place := pyproject.root / named).is_file():
            path = self._place(str(place))
            values.append(self._ids([path]).get(path, ""))
        return (pyproject.name, *values)

    def _prepare(self, folder: Path) -> None:
        """Make the files at and below `folder` available."""

    def _prepare_packages(self, root: Path, lock: UvLock) -> None:
        """Make the files of the local packages of a lock available. `root` is the folder of the lock."""

    def _ids(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Return the ids of files by their `_place`. Files whose ids do not matter are left out."""
        raise NotImplementedError


class CommitSide(Side):
    """The state of a commit, of which as many files are written to the folder `root` as selecting the files of projects needs.

    All files that decide about a selection have their content. Of the others in the folders of projects only names and modes
    matter: git knows the ids of their contents, so these files are empty.
    """

    def __init__(self, repository: Repository, tree: Mapping[str, TreeEntry], root: Path, locks: dict[bytes, UvLock]) -> None:
        super().__init__(root, {path: entry for path, entry in tree.items() if not _REFUSED & {*path.split("/")}}, locks)
        self._repository = repository
        self._sorted = sorted(self.tree)
        self._added: set[str] = set()
        exclude = repository.ask("rev-parse", "--path-format=absolute", "--git-path", "info/exclude")
        (root / ".git" / "info").mkdir(parents=True)
        if exclude and Path(exclude).is_file():
            shutil.copyfile(exclude, root / ".git" / "info" / "exclude")
        self._write(path for path in self._sorted if _has_content(path) or "/conda-meta/" in path)

    def _prepare(self, folder: Path) -> None:
        if not folder.is_relative_to(self.top):
            return
        path = folder.relative_to(self.top).as_posix()
        if path == ".":
            self._write(self._sorted)
            return
        start = bisect_left(self._sorted, f"{path}/")
        end = bisect_left(self._sorted, f"{path}0")  # the character after the slash
        self._write([*self._sorted[start:end], *([path] if path in self.tree else [])])

    def _prepare_packages(self, root: Path, lock: UvLock) -> None:
        for package in lock.packages:
            if package.is_local:
                self._prepare(Path(os.path.normpath(root / package.source)))

    def _ids(self, paths: Iterable[str]) -> Mapping[str, str]:
        return {path: self.tree[path].id for path in paths if path in self.tree}

    def _write(self, paths: Iterable[str]) -> None:
        new = [path for path in paths if path not in self._added]
        self._added.update(new)
        modes = {path: self.tree[path].mode for path in new}
        read = {path for path, mode in modes.items() if mode == _LINK or (_has_content(path) and mode != _SUBMODULE)}
        contents = self._repository.contents(self.tree[path].id for path in read) if read else {}
        for path in sorted(new, key=lambda path: modes[path] == _LINK):  # nothing is written through a link
            content = contents[self.tree[path].id] if path in read else b""
            with suppress(FileExistsError, NotADirectoryError):  # names that differ in case only, on some disks
                self._write_file(self.top / path, modes[path], content)

    def _write_file(self, place: Path, mode: str, content: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        if mode == _SUBMODULE:
            place.mkdir(exist_ok=True)
        elif mode == _LINK:
            place.symlink_to(os.fsdecode(content))
        else:
            with Path(place).open("xb") as file:
                file.write(content)
            if mode == _EXECUTABLE:
                place.chmod(0o755)


class WorkingSide(Side):
    """The state of the working tree. `differing` are the files that are not those of the commit with the files `tree`."""

    def __init__(
        self, repository: Repository, tree: Mapping[str, TreeEntry], differing: frozenset[str], locks: dict[bytes, UvLock]
    ) -> None:
        super().__init__(repository.top, tree, locks)
        self._repository = repository
        self._differing = differing
        self._same_submodules = [path for path, entry in tree.items() if entry.mode == _SUBMODULE and path not in differing]

    def _ids(self, paths: Iterable[str]) -> Mapping[str, str]:
        ids, unknown = {}, []
        for path in paths:
            if path in self.tree and path not in self._differing:
                ids[path] = self.tree[path].id
            elif not any(path.startswith(f"{submodule}/") for submodule in self._same_submodules):
                unknown.append(path)
        return {**ids, **dict.fromkeys(unknown, "unknown"), **self._repository.ids(unknown)}


def _has_content(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in _READ or name.endswith(".toml")
