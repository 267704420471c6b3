"""Names of files are bytes, and those of a release are UTF-8, whatever the locale that Python takes them by.

Most systems and locales have names in UTF-8; there a name is what Python says it is. Where the locale is another (`LC_ALL` set to a
Latin-1 one, or `PYTHONUTF8=0` with none), Python decodes the same bytes otherwise.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    FoundEntry: TypeAlias = "os.DirEntry[str] | Entry"

__all__ = ["NAMES_ARE_UTF8", "Entry", "on_disk", "relative_entries", "released_name"]

NAMES_ARE_UTF8 = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"
"""Whether Python reads names of files as UTF-8, so that nothing is to be done."""


def released_name(name: str) -> str:
    """The name or path of a file on disk as a release has it; bytes that are not UTF-8 become lone surrogates."""
    if NAMES_ARE_UTF8 or name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def on_disk(path: str) -> str:
    """A name or path in a release as Python finds it on this disk: the inverse of `released_name`."""
    if NAMES_ARE_UTF8 or path.isascii():
        return path
    return os.fsdecode(path.encode("utf-8", "surrogateescape"))


class Entry:
    """An entry of a folder, as `os.DirEntry` is, whose `name` is that in a release while `path` is on this disk."""

    def __init__(self, found: os.DirEntry[str]) -> None:
        self.name = released_name(found.name)
        self.path = found.path
        self.is_file = found.is_file
        self.is_dir = found.is_dir
        self.is_symlink = found.is_symlink
        self.stat = found.stat


def relative_entries(found: Iterable[os.DirEntry[str]]) -> list[FoundEntry]:
    """The entries of a folder, with names as in a release."""
    return [*found] if NAMES_ARE_UTF8 else [Entry(entry) for entry in found]
