"""Read the headers of members in a tar stream from an unknown source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.archive import layout
from hatch_tilebox.archive.layout import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

_KINDS = {
    b"\0": "a file of the old tar format",
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"5": "a folder",
    b"6": "a pipe",
    b"7": "a contiguous file",
    b"g": "a global pax header",
    b"K": "a GNU long link",
    b"L": "a GNU long name",
    b"S": "a sparse file",
    b"x": "a second pax header",
}
_OCTAL = re.compile(rb" *([0-7]+)[ \0]+")
_RECORD = re.compile(rb"[0-9]+ path=([^\0]*)\n", re.DOTALL)
_MAX_RECORD = layout.MAX_PATH_SIZE + 16


@dataclass(frozen=True)
class Member:
    """The header of a regular file. `alias` is the name beside a pax record that has the path, else None."""

    path: str
    size: int
    mode: str
    alias: str | None = None


def read_member(block: bytes, read: Callable[[int], bytes]) -> Member | None:
    """Return the member that starts with `block`, or None at the end of the stream. `read(size)` returns the bytes after it.

    Raises ValueError, with the name of the member if it is known, for a header that the format does not allow. It allows regular
    files without an owner and with a fixed time.
    """
    if not any(block):
        return None
    if len(block) < BLOCK:
        msg = "the tar stream ends within a member's header"
        raise ValueError(msg)
    if _kind(block) != b"x":
        return _member(block)
    size = _number(block, 124, 12)
    if size > _MAX_RECORD:
        msg = f"{_name(block)!r}: its pax header of {size} bytes is too large for one path"
        raise ValueError(msg)
    record = read(size + -size % BLOCK)
    match = _RECORD.fullmatch(record[:size])
    if not match or layout.path_record(match[1]) != record[:size] or any(record[size:]):
        msg = f"{_name(block)!r}: its pax header must hold one record, the path"
        raise ValueError(msg)
    if layout.split_path(match[1]) is not None:
        msg = f"{_decode(match[1])!r}: its pax header is not needed"
        raise ValueError(msg)
    path = _decode(match[1])
    if block != layout.member_header(path, 0, layout.MANIFEST_MODE, "")[:BLOCK]:
        msg = f"{path!r}: its pax header is named {_name(block)!r} or has other fields than the format's"
        raise ValueError(msg)
    member = _member(read(BLOCK).ljust(BLOCK, b"\0"))
    return Member(path, member.size, member.mode, member.path)


def _member(block: bytes) -> Member:
    name, kind = _name(block), _kind(block)
    if kind != b"0":
        msg = f"{name!r} is {_KINDS.get(kind, 'of an unknown kind')}; a release holds regular files only"
        raise ValueError(msg)
    try:
        _check_constants(block)
        return Member(name, _number(block, 124, 12), f"{_number(block, 100, 8):04o}")
    except ValueError as error:
        msg = f"{name!r}: {error}"
        raise ValueError(msg) from error


def _check_constants(block: bytes) -> None:
    if _number(block, 108, 8) or _number(block, 116, 8) or any(block[265:329]):
        msg = "belongs to a user; owner and group must be 0 and without names"
        raise ValueError(msg)
    if _number(block, 136, 12) != layout.MTIME:
        msg = f"its time must be {layout.MTIME}"
        raise ValueError(msg)
    if any(block[157:257]) or block[329:345].strip(b"0 \0") or any(block[500:]):
        msg = "link name, device numbers and the rest of the header must be empty"
        raise ValueError(msg)


def _kind(block: bytes) -> bytes:
    """Return the type flag of a header whose checksum is correct."""
    if block[257:265] != b"ustar\x0000":
        msg = f"{_name(block)!r}: its header is not a ustar header"
        raise ValueError(msg)
    if sum(block) - sum(block[148:156]) + 8 * ord(" ") != _number(block, 148, 8):
        msg = f"{_name(block)!r}: its header does not match its checksum"
        raise ValueError(msg)
    return block[156:157]


def _name(block: bytes) -> str:
    name, prefix = (_text(block[start:end]) for start, end in ((0, 100), (345, 500)))
    return _decode(prefix + b"/" + name if prefix else name)


def _text(field: bytes) -> bytes:
    text, _, rest = field.partition(b"\0")
    if any(rest):
        msg = f"{_decode(text)!r}: there are bytes after the end of its name"
        raise ValueError(msg)
    return text


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        msg = f"{raw!r}: its name is not UTF-8"
        raise ValueError(msg) from error


def _number(block: bytes, start: int, size: int) -> int:
    match = _OCTAL.fullmatch(block[start : start + size])
    if not match:
        msg = f"{_name(block)!r}: its header holds {block[start : start + size]!r} where a number must be"
        raise ValueError(msg)
    return int(match[1], 8)
