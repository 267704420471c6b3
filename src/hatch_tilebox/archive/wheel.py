"""The copy of a release's manifest in a wheel, which identifies the release that was built with the wheel."""

from __future__ import annotations

import re
import zipfile
import zlib
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from hatch_tilebox.archive.embedded import EMBEDDED_PATH
from hatch_tilebox.core.errors import ArchiveError, Location, Problem
from hatch_tilebox.core.identifiers import is_digest
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.model import ReleaseManifest, release_filename
from hatch_tilebox.core.paths import open_regular

MAX_SIZE = 8 * 2**20 + 2**10
"""Bytes: the largest manifest that the format allows, and some bytes for the artifact."""
_TOO_LARGE = f"it has more than {MAX_SIZE} bytes"
_NO_ARTIFACT = "its artifact must be a file name, a SHA-256 and a size that fit the release"
_MEMBER = re.compile(rf"[^/]+\.dist-info/extra_metadata/{re.escape(EMBEDDED_PATH)}")


class EmbeddedRelease(NamedTuple):
    """A manifest, and the name, digest and size of its archive."""

    manifest: ReleaseManifest
    filename: str
    sha256: str
    size: int


def read_wheel(path: Path) -> EmbeddedRelease:
    """Return the release in a wheel. Raises ArchiveError if the file is not a wheel or has no release."""
    return _parse(file_in_wheel(path, _MEMBER, MAX_SIZE), str(path))


def read_distribution(name: str) -> EmbeddedRelease:
    """Return the release in the installed distribution `name`.

    Raises ArchiveError if this environment does not have the distribution, or if it has no release.
    """
    return _parse(file_in_distribution(name, _MEMBER, MAX_SIZE), name)


def file_in_wheel(path: Path, member: re.Pattern[str], limit: int) -> bytes | None:
    """Return the first bytes of a file in a wheel, one more than `limit` if it has more; None if the wheel does not have it.

    Raises ArchiveError if the file is not a wheel.
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as wheel:
            names = [name for name in wheel.namelist() if member.fullmatch(name)]
            with wheel.open(names[0]) if names else BytesIO() as found:
                return found.read(limit + 1) if names else None
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        # RuntimeError: an encrypted member, or (NotImplementedError) one compressed in a way that this Python does not know.
        raise ArchiveError(Problem(f"cannot be read as a wheel: {error}", location=Location(str(path)))) from error


def file_in_distribution(name: str, member: re.Pattern[str], limit: int) -> bytes | None:
    """Return the first bytes of a file of the installed distribution `name`, as `file_in_wheel` does."""
    try:
        found = distribution(name)
    except (PackageNotFoundError, ValueError) as error:  # ValueError: an empty name
        message = f"no distribution named {name!r} is installed in this environment"
        raise ArchiveError(Problem(message, "give the name as `pip list` shows it", code="TBX404")) from error
    paths = [file for file in found.files or () if member.fullmatch(str(file).replace("\\", "/"))]
    try:
        with open_regular(Path(str(paths[0].locate()))) if paths else BytesIO() as file:
            return file.read(limit + 1) if paths else None
    except OSError as error:
        raise ArchiveError(Problem(f"{paths[0].name} cannot be read: {error.strerror}", location=Location(name))) from error


def _parse(data: bytes | None, where: str) -> EmbeddedRelease:
    if data is None:
        message = "has no Tilebox release in it"
        hint = "wheels built with hatch-tilebox have one, except editable wheels and those built with embed = false"
        raise ArchiveError(Problem(message, hint, Location(where), code="TBX404"))
    try:
        if len(data) > MAX_SIZE:
            raise ValueError(_TOO_LARGE)  # noqa: TRY301 -- the same answer to all that is wrong
        match parse_json(data):
            case {"artifact": {"filename": str(name), "sha256": str(digest), "size": int(size)}, **raw} if is_digest(digest):
                manifest = ReleaseManifest.from_dict(raw)
                if name == release_filename(manifest.project) and 0 < size < 2**63:
                    return EmbeddedRelease(manifest, name, digest, size)
        raise ValueError(_NO_ARTIFACT)  # noqa: TRY301 -- likewise
    except ValueError as error:
        raise ArchiveError(Problem(f"{EMBEDDED_PATH} is damaged: {str(error)[:500]}", location=Location(where))) from error
