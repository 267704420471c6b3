"""Files and folders of stores and downloads. Failures of the system become PublishError."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.paths import open_regular
from hatch_tilebox.core.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from filelock import FileLock


@contextmanager
def new_file(destination: Path, staging: Path, root: Path | None = None) -> Iterator[BinaryIO]:
    """Open a `whole_file` for writing; with `root`, it gets the permissions of that folder, which contains it.

    Raises PublishError if it cannot be written.
    """
    try:
        if root is not None:
            shared_folder(staging, root)
            shared_folder(destination.parent, root)
        with whole_file(destination, staging) as file:
            if root is not None:
                _share(file.fileno(), destination.parent.stat().st_mode & 0o666)
            yield file
    except OSError as error:
        raise PublishError(Problem(f"{destination} cannot be written: {error.strerror}", code="TBX516")) from error


def shared_folder(folder: Path, root: Path) -> None:
    """Create `folder` and its parents below `root` with the permissions of `root`, whatever the umask. Raises OSError."""
    root.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(root.stat().st_mode)
    for path in reversed([path for path in (folder, *folder.parents) if path.is_relative_to(root) and not path.is_dir()]):
        with suppress(FileExistsError):
            path.mkdir()
            _share(path, mode)


def _share(path: Path | int, mode: int) -> None:
    """Set the permissions, if the file system supports them."""
    if os.name != "nt":
        with suppress(OSError):
            os.chmod(path, mode)  # noqa: PTH101 -- it takes descriptors too


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Create a temporary folder below `parent`, which is created if it is missing. Raises PublishError if that fails."""
    with ExitStack() as stack:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(temporary_folder(parent, ".fetch-"))
        except OSError as error:
            raise PublishError(Problem(f"{parent} cannot be written: {error.strerror}", code="TBX516")) from error
        yield folder


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading. Raises PublishError if it cannot be read."""
    try:
        with open_regular(path) as file:
            yield file
    except OSError as error:
        raise PublishError(Problem(f"{path} cannot be read: {error.strerror}", code="TBX106")) from error


def holds(path: Path, content: bytes) -> bool:
    """Whether a file has this content. Raises OSError if it cannot be read."""
    with open_regular(path) as file:
        return file.read(len(content) + 1) == content


def shared_lock(path: Path) -> FileLock:
    """Return a lock on a file with the permissions of its folder, whatever the umask and the version of filelock."""
    from filelock import FileLock

    mode = path.parent.stat().st_mode & 0o666
    with suppress(FileExistsError, PermissionError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        try:
            _share(descriptor, mode)
        finally:
            os.close(descriptor)
    return FileLock(path, mode=mode)
