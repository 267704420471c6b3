"""How the members of a `.tbrelease` lie in its tar stream. No I/O.

POSIX ustar with the extended header (pax) of https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, of which only
`path` is used, and only where ustar's own fields cannot hold a path. The format leaves nothing open: from a manifest follow all
bytes of the stream but the files' contents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.model import MANIFEST_PATH
from hatch_tilebox.core.printable import has_controls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.core.model import FileEntry

BLOCK = 512
MTIME = 1580601600
END = bytes(2 * BLOCK)
MAX_FILE_SIZE = 8**11 - 1
"""What the eleven octal digits of a ustar header can say: one byte less than 8 GiB."""
MAX_MANIFEST_SIZE = 8 * 2**20
MAX_MANIFEST_PARTS = 2**17
"""Objects and arrays in the manifest. With both limits no JSON, however it was made, takes more than 256 MiB to read."""
MAX_PATH_SIZE = 4096
"""Bytes of a path; Linux opens none that is longer."""
MANIFEST_MODE = "0644"

LONG_PATH_RECORD = b".tilebox/long-path"
LONG_PATH_FOLDER = b".tilebox/long/"

_NAME_SIZE, _PREFIX_SIZE = 100, 155
_MODES = {mode: b"000%s\0" % mode.encode() for mode in ("0644", "0755")}
_OWNER = b"0000000\0" * 2
_MTIME = b"%011o\0" % MTIME
_AFTER_TYPE = bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2
_AFTER_PREFIX = bytes(BLOCK - 500)
_CONSTANT_SUM = sum(_OWNER + _MTIME + b" " * 8 + _AFTER_TYPE)
_MODE_SUMS = {mode: sum(field) for mode, field in _MODES.items()}


def member_header(path: str, size: int, mode: str, sha256: str) -> bytes:
    """All blocks of a regular file's member that stand before its content: one, or three where the path needs a pax record.

    `size` in bytes (at most `MAX_FILE_SIZE`), `mode` and `sha256` as in the manifest. A program that ignores pax records finds
    a file with a long path as `.tilebox/long/<sha256>`.
    """
    raw = path.encode()
    split = split_path(raw)
    if split is not None:
        return _block(*split, mode, size, b"0")
    record = path_record(raw)
    head = _block(b"", LONG_PATH_RECORD, MANIFEST_MODE, len(record), b"x")
    return head + record + padding(len(record)) + _block(b"", LONG_PATH_FOLDER + sha256.encode(), mode, size, b"0")


def split_path(path: bytes) -> tuple[bytes, bytes] | None:
    """The prefix and name fields that hold `path`, None where ustar cannot hold it.

    UTF-8 goes in as it is: POSIX leaves bytes beyond ASCII to the implementation, and GNU tar, bsdtar and Python's tarfile all
    take them for the file name's own. Of several ways to split, the longest prefix is the format's.
    """
    if len(path) <= _NAME_SIZE:
        return b"", path
    cut = path.rfind(b"/", 0, _PREFIX_SIZE + 1)
    return (path[:cut], path[cut + 1 :]) if cut > 0 and len(path) - cut - 1 <= _NAME_SIZE else None


def path_record(path: bytes) -> bytes:
    """The pax record that says `path`; its length counts its own digits."""
    rest = b" path=%s\n" % path
    size = len(rest)
    while size != (size := len(rest) + len(b"%d" % size)):
        pass
    return b"%d%s" % (size, rest)


def padding(size: int) -> bytes:
    """Zeros up to the next block, after `size` bytes of content."""
    return bytes(-size % BLOCK)


def stream_size(manifest_size: int, files: Iterable[FileEntry]) -> int:
    """Bytes of the whole tar stream, its end included."""
    size = BLOCK + _blocks(manifest_size) + len(END)
    for file in files:
        raw = file.path.encode()
        size += BLOCK + _blocks(file.size)
        if split_path(raw) is None:
            size += BLOCK + _blocks(len(path_record(raw)))
    return size


def path_fault(path: str) -> str | None:
    """What is wrong with a member's path, None for a good one: relative, `/` between parts, no control, empty, `.` or `..` part."""
    if not path.isprintable():
        if "\0" in path or any("\ud800" <= char <= "\udfff" for char in path):
            return "has a name that is not UTF-8 text without NUL"
        if has_controls(path):
            return "has a control character in its path"
    if path.startswith("/"):
        return "has an absolute path"
    parts = path.split("/")
    if ".." in parts:
        return 'has ".." in its path'
    if "." in parts or "" in parts:
        return 'has an empty or "." part in its path'
    return f"has a path of more than {MAX_PATH_SIZE} bytes" if len(path.encode()) > MAX_PATH_SIZE else None


def manifest_fault(data: bytes) -> str | None:
    """What is wrong with the size of a manifest, None for one that readers take."""
    if len(data) > MAX_MANIFEST_SIZE:
        return f"has {len(data)} bytes; at most {MAX_MANIFEST_SIZE} are allowed"
    # Brackets within texts are counted too: this must be cheap, and no real release comes near the limit.
    parts = data.count(b"{") + data.count(b"[")
    return f"has {parts} objects and arrays; at most {MAX_MANIFEST_PARTS} are allowed" if parts > MAX_MANIFEST_PARTS else None


def check_files(files: Iterable[FileEntry]) -> None:
    """Refuse files that an archive cannot hold or a folder could not hold side by side. `files` are sorted.

    Raises ArchiveError for all of them together.
    """
    problems: list[Problem] = []
    seen: set[str] = {MANIFEST_PATH}
    folders: dict[str, str] = {}
    for file in files:
        path = file.path
        fault = path_fault(path)
        if path == MANIFEST_PATH:
            fault = "has the name that the release's own manifest takes"
        elif path in seen:
            fault = "is there twice"
        elif file.size > MAX_FILE_SIZE:
            fault = f"has {file.size} bytes; a member holds at most {MAX_FILE_SIZE}"
        if fault:
            problems.append(Problem(f"{path!r} {fault}"))
            continue
        seen.add(path)
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = path
            folder = folder.rpartition("/")[0]
    problems += [Problem(f"{path!r} is a file, but also the folder of {folders[path]!r}") for path in seen & folders.keys()]
    if problems:
        raise ArchiveError(*problems)


def _blocks(size: int) -> int:
    return size + -size % BLOCK


def _block(prefix: bytes, name: bytes, mode: str, size: int, kind: bytes) -> bytes:
    size_field = b"%011o\0" % size
    checksum = _CONSTANT_SUM + _MODE_SUMS[mode] + sum(name) + sum(prefix) + sum(size_field) + kind[0]
    return b"".join(
        (
            name.ljust(_NAME_SIZE, b"\0"),
            _MODES[mode],
            _OWNER,
            size_field,
            _MTIME,
            b"%06o\0 " % checksum,
            kind,
            _AFTER_TYPE,
            prefix.ljust(_PREFIX_SIZE, b"\0"),
            _AFTER_PREFIX,
        )
    )
