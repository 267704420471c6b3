"""What a release consists of by size: its files, and the packages that a runner downloads before the first start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.report.locked_packages import installed_packages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.core.model import ReleaseManifest

ROOT_GROUP = "top level"


@dataclass(frozen=True)
class Piece:
    """A part of a whole: its name, the group that it belongs to, and its size in bytes."""

    name: str
    group: str
    size: int


def file_pieces(manifest: ReleaseManifest) -> tuple[Piece, ...]:
    """Return the files of a release, largest first. The group of a file is its top-level folder."""
    pieces = (
        Piece(file.path, file.path.partition("/")[0] if "/" in file.path else ROOT_GROUP, file.size) for file in manifest.files
    )
    return _sorted(pieces)


def package_pieces(lock: bytes, requires_python: str | None) -> tuple[Piece, ...] | None:
    """Return the packages that a runner installs, largest first, with the sizes of their files. None if `lock` is not a lock.

    The group of a package is the direct dependency that needs it. Packages without a size in the lock are left out.
    """
    packages = installed_packages(lock, requires_python)
    if packages is None:
        return None
    return _sorted(
        Piece(f"{package.name} {package.version}".strip(), package.needed_by, package.size) for package in packages if package.size
    )


def _sorted(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    return tuple(sorted(pieces, key=lambda piece: (-piece.size, piece.name)))
