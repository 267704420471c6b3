"""Write a release, unless its file has the same bytes already."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox import __version__
from hatch_tilebox.core.files import file_digest
from hatch_tilebox.core.model import Artifact
from hatch_tilebox.discovery.cache import ARCHIVES, digest, file_identity, open_cache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hatch_tilebox.core.model import JSON, FileSet, ReleaseManifest


def pack_release(
    manifest: ReleaseManifest,
    files: FileSet,
    path: Path,
    contents: Mapping[str, bytes],
    meanwhile: Iterable[object],
    *,
    cache: bool,
) -> tuple[Artifact, bool]:
    """Write the release of `files` to `path`, and return it with whether the file had the same bytes before.

    With `cache`, the digest of each release that was written is kept, and a file that has this digest is not written again.
    The other arguments, the result and the errors are those of `write_archive`; `meanwhile` has ended in both cases.
    """
    before = _digest_of(path)
    with open_cache(keep=True) if cache else nullcontext() as kept:
        key = _key(manifest) if kept else ""
        if kept and before and kept.read(ARCHIVES, key) == {"sha256": before}:
            for _ in meanwhile:
                pass
            return Artifact(path, before, path.stat().st_size), True
        # A build that changes nothing does not need the compressor.
        from hatch_tilebox.archive.writer import write_archive

        artifact = write_archive(manifest, files, path, contents, meanwhile)
        if kept:
            kept.write(ARCHIVES, key, {"sha256": artifact.sha256})
    return artifact, artifact.sha256 == before


def _key(manifest: ReleaseManifest) -> str:
    """Everything that determines the bytes of a release. The digests of the files are in the fingerprint."""
    return digest({"manifest": manifest.about(), "version": __version__, "compressor": _compressor()})


def _compressor() -> JSON:
    """Return which file is the zstd binding, without importing it: another one may give other bytes."""
    found = find_spec("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    return file_identity(Path(found.origin)) if found and found.origin else None


def _digest_of(path: Path) -> str | None:
    """Return the digest of the release that the last build left at `path`, None if there is none that can be read."""
    try:
        return file_digest(path) if path.is_file() else None
    except OSError:
        return None
