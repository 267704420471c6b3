"""Names of files as a release has them, in UTF-8, whatever the locale of this machine.

Names on disk are bytes. Most locales decode them as UTF-8, and nothing has to be done. Python decodes the same bytes in another way
if `LC_ALL` names a Latin-1 locale, or with `PYTHONUTF8=0` and no locale.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    FoundEntry: TypeAlias = "os.DirEntry[str] | Entry"

NAMES_ARE_UTF8 = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"
"""Whether Python decodes names of files as UTF-8."""


def released_name(name: str) -> str:
    """Return the name or path of a file on disk as a release has it. Bytes that are not UTF-8 become lone surrogates."""
    if NAMES_ARE_UTF8 or name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "surrogateescape")


def on_disk(path: str) -> str:
    """Return a name or path of a release as Python has it on this disk: the inverse of `released_name`."""
    if NAMES_ARE_UTF8 or path.isascii():
        return path
    return os.fsdecode(path.encode("utf-8", "surrogateescape"))


class Entry:
    """An entry of a folder, like `os.DirEntry`, with the `name` of a release and the `path` on this disk."""

    def __init__(self, found: os.DirEntry[str]) -> None:
        self.name = released_name(found.name)
        self.path = found.path
        self.is_file = found.is_file
        self.is_dir = found.is_dir
        self.is_symlink = found.is_symlink
        self.stat = found.stat


def relative_entries(found: Iterable[os.DirEntry[str]]) -> list[FoundEntry]:
    """Return the entries of a folder, with names as in a release."""
    return [*found] if NAMES_ARE_UTF8 else [Entry(entry) for entry in found]
