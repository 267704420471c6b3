"""Read a `.tbrelease` file without trusting it.

The manifest determines all headers of the archive. The reader compares their bytes. If a header differs, the reader parses it, to
accept another encoding of the same values or to report what is wrong.
"""

from __future__ import annotations

import hashlib
import json
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from hatch_tilebox.archive import layout
from hatch_tilebox.archive.layout import BLOCK, END
from hatch_tilebox.archive.members import Member, read_member
from hatch_tilebox.archive.stream import FrameReader
from hatch_tilebox.core.errors import ArchiveError, Location, Problem
from hatch_tilebox.core.model import FORMAT, MANIFEST_PATH, Artifact, ReleaseManifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.model import FileEntry

CHUNK = 256 * 2**10
"""Bytes of one member that are in memory at the same time."""

_MAX_MESSAGE = 500
_RECORD = 20 * BLOCK
"""tar writes whole records of 20 blocks: as many zeros may follow the last member."""


def read_manifest(path: Path) -> ReleaseManifest:
    """Return the manifest of the archive `path`. Only the first blocks are read and checked.

    Raises ArchiveError if the manifest cannot be read.
    """
    with open_archive(path) as archive:
        return archive.manifest


def check_archive(path: Path) -> tuple[ReleaseManifest, Artifact]:
    """Read all of the archive `path`, check it, and return its manifest and its digest.

    Raises ArchiveError with the name of the member at the first violation of the format.
    """
    with open_archive(path) as archive:
        for _entry, chunks in archive.members():
            for _chunk in chunks:
                pass
        return archive.manifest, Artifact(path, archive.sha256, archive.size)


def content_digest(path: Path) -> str:
    """Return the SHA-256 of the tar stream in an archive that `check_archive` accepts: it does not depend on the compressor."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        frame = FrameReader(file, str(path))
        while data := frame.read(CHUNK):
            digest.update(data)
    return digest.hexdigest()


@contextmanager
def open_archive(source: Path | BinaryIO, name: str = "") -> Iterator[Archive]:
    """Open the archive in a file or in an open binary file, which stays open. Errors show `name`, by default the path.

    Raises ArchiveError if the file cannot be opened or its manifest is not valid.
    """
    if not isinstance(source, Path):
        yield Archive(FrameReader(source, name or str(getattr(source, "name", "the archive"))))
        return
    try:
        if stat.S_ISFIFO(source.stat().st_mode):  # whose other end may never be opened
            raise ArchiveError(Problem("cannot be read: it is a pipe, not a file", location=Location(name or str(source))))
        file = source.open("rb", buffering=0)
    except OSError as error:
        raise ArchiveError(Problem(f"cannot be read: {error.strerror}", location=Location(name or str(source)))) from error
    except ValueError as error:  # a NUL in the path
        raise ArchiveError(Problem(f"cannot be read: {error}", location=Location(name or str(source)))) from error
    with file:
        yield Archive(FrameReader(file, name or str(source)))


class Archive:
    """An archive with its manifest. Its members can be read once, in their order."""

    def __init__(self, frame: FrameReader) -> None:
        self._frame = frame
        size = self._manifest_size()
        data = frame.read(size)
        if len(data) < size or any(frame.read(-size % BLOCK)):
            frame.refuse(f"{MANIFEST_PATH!r} is cut off or not followed by zeros")
        self.manifest = _parse_manifest(data, frame)

    @property
    def sha256(self) -> str:
        """The digest, 64 hex digits. It is known after the last member."""
        return self._frame.sha256

    @property
    def size(self) -> int:
        """The size of the file in bytes. It is known after the last member."""
        return self._frame.packed_size

    def members(self) -> Iterator[tuple[FileEntry, Iterator[bytes]]]:
        """Yield each file with its content in chunks. Read the chunks before the next file.

        The content of a file is checked after its last chunk. Chunks that the caller does not read are checked before the next
        file, and the end of the archive after the last file.

        Raises ArchiveError at the first violation of the format. Everything before it is checked.
        """
        for index, entry in enumerate(self.manifest.files):
            block = self._frame.read(BLOCK)
            if block != layout.member_header(entry.path, entry.size, entry.mode, entry.sha256):
                self._parse_header(block, index)
            chunks = self._content(entry)
            yield entry, chunks
            for _chunk in chunks:
                pass
        self._end()

    def _content(self, entry: FileEntry) -> Iterator[bytes]:
        digest, left = hashlib.sha256(), entry.size
        while left:
            chunk = self._frame.read(min(left, CHUNK))
            if not chunk:
                self._frame.refuse(f"{entry.path!r} is cut off")
            left -= len(chunk)
            digest.update(chunk)
            yield chunk
        if any(self._frame.read(-entry.size % BLOCK)):
            self._frame.refuse(f"{entry.path!r} is not followed by zeros")
        if digest.hexdigest() != entry.sha256:
            self._frame.refuse(f"{entry.path!r} is not the file in the manifest: its SHA-256 is {digest.hexdigest()}")

    def _manifest_size(self) -> int:
        """Return the size of the manifest, which must be the first member."""
        member = self._read_member(self._frame.read(BLOCK))
        if member is None or member.path != MANIFEST_PATH or member.mode != layout.MANIFEST_MODE:
            found = f"{member.path!r} (mode {member.mode})" if member else "the end of the stream"
            message = f"is not a .tbrelease: its first member must be {MANIFEST_PATH!r} (mode {layout.MANIFEST_MODE}), not {found}"
            self._frame.refuse(message)
        if member.size > layout.MAX_MANIFEST_SIZE:
            self._frame.refuse(f"{MANIFEST_PATH!r} has {member.size} bytes; at most {layout.MAX_MANIFEST_SIZE} are allowed")
        return member.size

    def _read_member(self, block: bytes) -> Member | None:
        try:
            return read_member(block, self._frame.read)
        except ValueError as error:
            self._frame.refuse(str(error))

    def _parse_header(self, block: bytes, index: int) -> None:
        """Accept a header with the values of the manifest in another encoding. Raises ArchiveError for other headers."""
        entry = self.manifest.files[index]
        member = self._read_member(block)
        if member is None:
            self._frame.refuse(f"{entry.path!r} is in the manifest, but not in the archive")
        if member.path != entry.path:
            self._misplaced(member.path, index)
        if member.alias not in {None, layout.LONG_PATH_FOLDER.decode() + entry.sha256}:
            self._frame.refuse(f"{entry.path!r} has {member.alias!r} as the name beside its pax header")
        if member.size != entry.size:
            self._frame.refuse(f"{entry.path!r} has {member.size} bytes, but {entry.size} in the manifest")
        if member.mode != entry.mode:
            self._frame.refuse(f"{entry.path!r} has mode {member.mode}, but {entry.mode} in the manifest")

    def _misplaced(self, path: str, index: int) -> NoReturn:
        """Refuse a member that is not at its place in the manifest."""
        files = self.manifest.files
        places = [i for i, file in enumerate(files) if file.path == path]
        if fault := layout.path_fault(path):
            self._frame.refuse(f"{path!r} {fault}")
        if path == MANIFEST_PATH or (places and places[0] < index):
            self._frame.refuse(f"{path!r} is in the archive twice")
        if not places:
            self._frame.refuse(f"{path!r} is not in the manifest")
        self._frame.refuse(f"{files[index].path!r} is missing or not sorted: {path!r} is in its place")

    def _end(self) -> None:
        """Check the end: two blocks of zeros, or as many as fill a record, and nothing after them."""
        block = self._frame.read(BLOCK)
        member = self._read_member(block)
        if member is not None:
            self._misplaced(member.path, len(self.manifest.files))
        end = block + self._frame.read(_RECORD)
        if any(end) or len(end) < len(END) or len(end) % BLOCK:
            self._frame.refuse("the tar stream must end with blocks of zeros, two at least")
        self._frame.finish()


def _parse_manifest(data: bytes, frame: FrameReader) -> ReleaseManifest:
    if fault := layout.manifest_fault(data):
        frame.refuse(f"{MANIFEST_PATH!r} {fault}")
    try:
        raw = json.loads(data.decode())
        found = raw.get("format") if isinstance(raw, dict) else None
        if isinstance(found, int) and found > FORMAT:
            frame.refuse(f"{MANIFEST_PATH!r} has format {found}; this version reads up to format {FORMAT}", "update hatch-tilebox")
        manifest = ReleaseManifest.from_dict(raw)
        if manifest.to_json() != data:
            frame.refuse(f"{MANIFEST_PATH!r} is not canonical JSON")
    except (ValueError, RecursionError) as error:
        frame.refuse(f"{MANIFEST_PATH!r} is not a manifest: {str(error)[:_MAX_MESSAGE]}")
    try:
        layout.check_files(manifest.files)
    except ArchiveError as error:
        raise ArchiveError(*(Problem(problem.message, location=Location(frame.name)) for problem in error.problems)) from None
    return manifest
