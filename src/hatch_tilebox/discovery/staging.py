"""Copy the selected files to a folder of their own, as a release runner unpacks them."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.core.file_names import on_disk, released_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hatch_tilebox.core.model import FileEntry, FileSet

BLOCK = 1 << 20
FIRST_SECOND = 1_000_000_000
"""The smallest modification time of a staged file, in seconds since the epoch."""


def stage(files: FileSet, entries: Sequence[FileEntry], folder: Path, *, keep: Collection[str] = ()) -> None:
    """Make `folder` contain exactly `files`.

    Unchanged files stay untouched, as do the paths in `keep`, which a build of the project wrote. The modification time of a staged
    file is derived from its content: Python's bytecode cache compares size and whole seconds, so it stays valid for an unchanged
    file and never for a changed one. Raises DiscoveryError if a file on disk has changed since it was hashed.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    hashed = {entry.path: entry for entry in entries}
    _remove_others(folder, {*hashed, *keep})
    problems = []
    for file in files.files:
        entry = hashed[file.path]
        target = folder / on_disk(file.path)
        if file.path in keep and target.is_file():
            continue
        if not _is_staged(target, entry) and not _copy(file.source, target, entry):
            problems.append(Problem(f"{file.path} changed while the release was built", hint="build again", code="TBX119"))
    if problems:
        raise DiscoveryError(*problems)


def changed_paths(folder: Path, entries: Sequence[FileEntry], *, ignored: Collection[str] = ()) -> list[str]:
    """Paths that were written, changed or removed in a staged `folder`, sorted, except those in `ignored`."""
    hashed = {entry.path: entry for entry in entries}
    found = {path for path in hashed if not _is_staged(folder / on_disk(path), hashed[path])}
    for parent, names, files in os.walk(folder):
        inside = Path(parent).relative_to(folder)
        names[:] = [name for name in names if name != "__pycache__" and not name.endswith(".egg-info")]
        links = [name for name in names if Path(parent, name).is_symlink()]
        written = {released_name((inside / name).as_posix()) for name in (*files, *links)}
        found |= written.difference(hashed)
    return sorted(found.difference(ignored))


def _remove_others(folder: Path, wanted: Collection[str]) -> None:
    folders = {parent.as_posix() for path in wanted for parent in PurePosixPath(path).parents}
    for parent, names, files in os.walk(folder):
        inside = Path(parent).relative_to(folder)
        for name in [*names]:
            path = Path(parent, name)
            if path.is_symlink():
                path.unlink()
                names.remove(name)
            elif released_name((inside / name).as_posix()) not in folders:
                shutil.rmtree(path)
                names.remove(name)
        for name in files:
            if released_name((inside / name).as_posix()) not in wanted:
                Path(parent, name).unlink()


def _time_of(entry: FileEntry) -> int:
    return FIRST_SECOND + int(entry.sha256[:7], 16)


def _permissions(entry: FileEntry) -> int:
    return int(entry.mode, 8)


def _is_staged(target: Path, entry: FileEntry) -> bool:
    try:
        status = target.lstat()
    except OSError:
        return False
    same = stat.S_ISREG(status.st_mode) and status.st_size == entry.size and status.st_mtime_ns == _time_of(entry) * 10**9
    return same and (os.name == "nt" or stat.S_IMODE(status.st_mode) == _permissions(entry))


def _copy(source: Path, target: Path, entry: FileEntry) -> bool:
    """Copy `source` to `target`, and return whether its content is that of `entry`."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(BLOCK):
            digest.update(block)
            writer.write(block)
    if digest.hexdigest() != entry.sha256:
        target.unlink()
        return False
    target.chmod(_permissions(entry))
    os.utime(target, (_time_of(entry), _time_of(entry)))
    return True
