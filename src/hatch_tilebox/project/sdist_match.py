"""Finds the sdist that a folder was unpacked from."""

from __future__ import annotations

import os
import tarfile
import zlib
from typing import IO, TYPE_CHECKING

from hatch_tilebox.core.paths import inside, open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SUFFIX = ".tar.gz"
_CHUNK = 2**20


def matching_sdist(root: Path, stem: str, directory: Path, needed: Iterable[str]) -> Path | None:
    """Return the sdist in `directory` that the folder `root` was unpacked from, None if there is none.

    Frontends do not name the sdist that they build from, but most write it to the folder of the wheel. `stem` is its name without
    the suffix. It is the one if `root` has each of its files with the same bytes, and if it has the `needed` files of the release.
    """
    sdist = directory / f"{stem}{_SUFFIX}"
    try:
        # A pipe as the name of the sdist must not hold up the build, so the file is opened first.
        with open_regular(sdist) as file, tarfile.open(fileobj=file, mode="r:gz") as archive:
            held = _same_files(archive, root, stem)
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error):
        return None
    return sdist if held is not None and held.issuperset(needed) else None


def _same_files(archive: tarfile.TarFile, root: Path, stem: str) -> set[str] | None:
    """Return the paths of the files in the archive, below its one folder; None if one of them differs from that in `root`."""
    held = set()
    for member in archive:
        if member.isdir():
            continue
        top, _, name = member.name.partition("/")
        source = archive.extractfile(member) if member.isreg() else None
        if source is None or top != stem:
            return None
        with open_regular(inside(root, *name.split("/"))) as file:
            if os.fstat(file.fileno()).st_size != member.size or not _same_bytes(source, file):
                return None
        held.add(name)
    return held


def _same_bytes(one: IO[bytes], other: IO[bytes]) -> bool:
    while chunk := one.read(_CHUNK):
        if chunk != other.read(len(chunk)):
            return False
    return not other.read(1)
