"""Unpack a `.tbrelease` into a folder."""

from __future__ import annotations

import os
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.archive.reader import open_archive
from hatch_tilebox.core.errors import ArchiveError, Location, Problem
from hatch_tilebox.core.file_names import on_disk
from hatch_tilebox.core.model import MANIFEST_PATH
from hatch_tilebox.core.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hatch_tilebox.core.model import ReleaseManifest

# O_EXCL and O_NOFOLLOW: never replace a file, and never follow a link.
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_WINDOWS_ONLY = "\\:"


def extract_archive(path: Path, to: Path) -> ReleaseManifest:
    """Check all of the archive `path` and unpack it into the folder `to`, which must not exist or must be empty.

    The folder is written completely or not at all: it is filled in a private folder beside `to`, then renamed. Files and folders
    get the modes of the archive minus the umask, and the current time. The manifest is unpacked too.

    Raises ArchiveError if the archive is refused or `to` cannot be written.
    """
    to = Path(os.path.abspath(to))  # noqa: PTH100 -- not resolve(): a link in place of `to` must be seen
    with open_archive(path) as archive, _staged(to) as folder:
        made = {""}
        _write(folder, MANIFEST_PATH, 0o644, [archive.manifest.to_json()], made)
        for entry, chunks in archive.members():
            if os.sep != "/" and any(char in entry.path for char in _WINDOWS_ONLY):
                message = f"{entry.path!r} has characters that are special on this system"
                raise ArchiveError(Problem(message, location=Location(str(path))))
            _ask_python(entry.path, int(entry.mode, 8), folder, path)
            _write(folder, entry.path, int(entry.mode, 8), chunks, made)
        return archive.manifest


def _ask_python(name: str, mode: int, folder: str, archive: Path) -> None:
    """Apply Python's data filter (PEP 706) if this Python has it. The reader's own checks do not depend on it."""
    if not hasattr(tarfile, "data_filter"):
        return
    member = tarfile.TarInfo(on_disk(name))
    member.mode = mode
    try:
        tarfile.data_filter(member, folder)
    except tarfile.FilterError as error:
        raise ArchiveError(Problem(f"{name!r} is refused by Python's filter: {error}", location=Location(str(archive)))) from error


def _write(folder: str, path: str, mode: int, chunks: Iterable[bytes], made: set[str]) -> None:
    """Write a new file `path` in `folder`. `made` has the paths of the folders that exist."""
    path = on_disk(path)
    parent = path.rpartition("/")[0]
    if parent not in made:
        # exist_ok is for file systems on which two spellings are the same name.
        os.makedirs(os.path.join(folder, parent), exist_ok=True)  # noqa: PTH103, PTH118 -- 20,000 times, at half the cost
        made.add(parent)
    descriptor = os.open(os.path.join(folder, path), _FLAGS, mode)  # noqa: PTH118 -- likewise
    with open(descriptor, "wb") as file:  # noqa: PTH123 -- a descriptor, not a path; buffered, for a raw write may fall short
        file.writelines(chunks)


@contextmanager
def _staged(to: Path) -> Iterator[str]:
    """Yield a folder to fill. It becomes `to` at the end of the block, and is removed if the block fails."""
    hint = "name a folder that does not exist yet, or an empty one"
    try:
        mode = to.lstat().st_mode & 0o7777 if os.path.lexists(to) else None
        if to.is_symlink() or (mode is not None and (not to.is_dir() or any(to.iterdir()))):
            raise ArchiveError(Problem(f"{to} is not an empty folder", hint, code="TBX402"))
        with temporary_folder(to.parent, f".{to.name}.") as staging:
            # The inner folder has the permissions of the umask; the outer one is private.
            folder = staging / "release"
            folder.mkdir()
            yield str(folder)
            if mode is not None:
                folder.chmod(mode)
                to.rmdir()
            folder.rename(to)
    except OSError as error:
        raise ArchiveError(Problem(f"{to} cannot be written: {error.strerror}", hint, code="TBX401")) from error
