"""The byte layout of the tar stream in a `.tbrelease`. No I/O.

It is POSIX ustar with the extended header (pax) of https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html. The only
pax record is `path`, for paths that do not fit into the ustar fields. The manifest determines all bytes of the stream except the
contents of the files.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.model import MANIFEST_PATH
from hatch_tilebox.core.paths import folders_above
from hatch_tilebox.core.printable import has_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_tilebox.core.model import FileEntry

BLOCK = 512
MTIME = 1580601600
END = bytes(2 * BLOCK)
MAX_FILE_SIZE = 8**11 - 1
"""The largest number of eleven octal digits, which a ustar header has: one byte less than 8 GiB."""
MAX_MANIFEST_SIZE = 8 * 2**20
MAX_MANIFEST_PARTS = 2**17
"""Objects and arrays in the manifest. With both limits, reading any JSON takes at most 256 MiB of memory."""
MAX_PATH_SIZE = 4096
"""Bytes of a path. Linux does not open longer paths."""
MANIFEST_MODE = "0644"

LONG_PATH_RECORD = b".tilebox/long-path"
LONG_PATH_FOLDER = b".tilebox/long/"

_NAME_SIZE, _PREFIX_SIZE = 100, 155
_HEADER = Struct(f"{_NAME_SIZE}s24s12s12s8sc188s{_PREFIX_SIZE}s12x")
"""Name, mode and owner, size, time, checksum, kind, the link to the device, prefix. `pack` fills with zeros."""
_MODES = {mode: b"000%s\0" % mode.encode() + b"0000000\0" * 2 for mode in ("0644", "0755")}
_MTIME = b"%011o\0" % MTIME
_AFTER_KIND = bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2
_CONSTANT_SUM = sum(_MTIME + b" " * 8 + _AFTER_KIND)
_MODE_SUMS = {mode: sum(fields) + _CONSTANT_SUM for mode, fields in _MODES.items()}


def member_header(path: str, size: int, mode: str, sha256: str) -> bytes:
    """Return the blocks before the content of a regular file: one, or three if the path needs a pax record.

    `size` is in bytes (at most `MAX_FILE_SIZE`), `mode` and `sha256` are as in the manifest. Programs that ignore pax records see
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
    """Return the prefix and name fields for `path`, or None if it does not fit into them.

    UTF-8 is stored unchanged: POSIX leaves bytes beyond ASCII to the implementation, and GNU tar, bsdtar and Python's tarfile all
    use them unchanged in file names. The format uses the longest possible prefix.
    """
    if len(path) <= _NAME_SIZE:
        return b"", path
    cut = path.rfind(b"/", 0, _PREFIX_SIZE + 1)
    return (path[:cut], path[cut + 1 :]) if cut > 0 and len(path) - cut - 1 <= _NAME_SIZE else None


def path_record(path: bytes) -> bytes:
    """Return the pax record for `path`. Its length includes its own digits."""
    rest = b" path=%s\n" % path
    size = len(rest)
    while size != (size := len(rest) + len(b"%d" % size)):
        pass
    return b"%d%s" % (size, rest)


def padding(size: int) -> bytes:
    """Return the zeros between `size` bytes of content and the next block."""
    return bytes(-size % BLOCK)


def stream_size(manifest_size: int, files: Iterable[FileEntry]) -> int:
    """Return the size of the tar stream in bytes, including its end."""
    size = BLOCK + _blocks(manifest_size) + len(END)
    for file in files:
        raw = file.path.encode()
        size += BLOCK + file.size + -file.size % BLOCK
        if len(raw) > _NAME_SIZE and split_path(raw) is None:
            size += BLOCK + _blocks(len(path_record(raw)))
    return size


def path_fault(path: str) -> str | None:
    """Return what is wrong with the path of a member, or None for a valid path.

    A valid path is relative, has `/` between its parts, and has no control character and no empty, `.` or `..` part.
    """
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


def _all_plain(paths: Sequence[str]) -> bool:
    """Whether one look at the text of all paths, which is much faster than a look at each, finds no fault in any of them."""
    text = f"/{'/-/'.join(paths)}/"
    return (
        text.isprintable()
        and not any(wrong in text for wrong in ("//", "/./", "/../"))
        and max(map(len, paths), default=0) <= MAX_PATH_SIZE // 4
    )


def manifest_fault(data: bytes) -> str | None:
    """Return what is wrong with the size of a manifest, or None for an accepted size."""
    if len(data) > MAX_MANIFEST_SIZE:
        return f"has {len(data)} bytes; at most {MAX_MANIFEST_SIZE} are allowed"
    # This counts brackets in strings too: it must be fast, and real releases are far below the limit.
    parts = data.count(b"{") + data.count(b"[")
    return f"has {parts} objects and arrays; at most {MAX_MANIFEST_PARTS} are allowed" if parts > MAX_MANIFEST_PARTS else None


def check_files(files: Iterable[FileEntry]) -> None:
    """Raise one ArchiveError for all files that an archive cannot contain or that conflict in a folder. `files` are sorted."""
    files = tuple(files)
    paths = [file.path for file in files]
    distinct = {MANIFEST_PATH, *paths}
    if (
        len(distinct) == 1 + len(paths)
        and distinct.isdisjoint(folders_above(paths))
        and max([file.size for file in files], default=0) <= MAX_FILE_SIZE
        and _all_plain(paths)
    ):
        return
    problems: list[Problem] = []
    seen: set[str] = {MANIFEST_PATH}
    folders: dict[str, str] = {}
    for file in files:
        path = file.path
        fault = path_fault(path)
        if path == MANIFEST_PATH:
            fault = "has the name of the release's manifest"
        elif path in seen:
            fault = "is in the archive twice"
        elif file.size > MAX_FILE_SIZE:
            fault = f"has {file.size} bytes; a member holds at most {MAX_FILE_SIZE}"
        if fault:
            problems.append(Problem(f"{path!r} {fault}", code="TBX107"))
            continue
        seen.add(path)
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = path
            folder = folder.rpartition("/")[0]
    problems += [
        Problem(f"{path!r} is a file, but also the folder of {folders[path]!r}", code="TBX107") for path in seen & folders.keys()
    ]
    if problems:
        raise ArchiveError(*problems)


def _blocks(size: int) -> int:
    return size + -size % BLOCK


def _block(prefix: bytes, name: bytes, mode: str, size: int, kind: bytes) -> bytes:
    size_field = b"%011o\0" % size
    checksum = _MODE_SUMS[mode] + sum(name) + sum(prefix) + sum(size_field) + kind[0]
    return _HEADER.pack(name, _MODES[mode], size_field, _MTIME, b"%06o\0 " % checksum, kind, _AFTER_KIND, prefix)
