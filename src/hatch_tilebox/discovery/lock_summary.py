"""What a build has to know about a lock, which is kept in the cache: reading a large lock takes longer than the other steps.

The summary depends on the lock alone.
"""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from hatch_tilebox import __version__
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.files import file_digest
from hatch_tilebox.discovery.cache import LOCKS, digest
from hatch_tilebox.discovery.uv_settings import split_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_tilebox.core.model import FileEntry, FileSet
    from hatch_tilebox.core.uv_lock import UvLock
    from hatch_tilebox.discovery.cache import Cache

LAYOUT = 1
"""Increased when the content of a summary changes."""
_OUTSIDE = r"/|\.\.|[A-Za-z]:"
"""How a path outside the project begins. The content there is not locked."""


class LockSource(NamedTuple):
    """A source of `packages` in the lock. `written` is its URL or path."""

    kind: str
    written: str
    packages: tuple[str, ...]

    @property
    def names(self) -> str:
        """The first package, and the number of others."""
        first, *others = self.packages
        return first if not others else f"{first} and {len(others)} more"


class LockSummary(NamedTuple):
    """Where the packages of a lock come from, and what it was resolved with.

    `options` and `manifest` are the keys of these tables that have a value. `in_project` has the packages in an index that is a
    folder of the project: the name, and the paths of the files. `outside` is whether a package is at a path outside the project.
    """

    sources: tuple[LockSource, ...] = ()
    options: tuple[str, ...] = ()
    manifest: tuple[str, ...] = ()
    in_project: tuple[tuple[str, ...], ...] = ()
    outside: bool = False


def selected_summary(files: FileSet, entries: Sequence[FileEntry], cache: Cache) -> LockSummary | None:
    """Return the summary of the lock among `files`, None if there is none. `entries` are the manifest's entries of the files."""
    entry = next((entry for entry in entries if entry.path == LOCK_NAME), None)
    if entry is None:
        return None
    key = digest({"lock": entry.sha256, "layout": LAYOUT, "version": __version__})
    record = cache.read(LOCKS, key)
    if record is not None:
        return _restored(record)
    from hatch_tilebox.core.uv_lock import selected_lock

    lock = selected_lock(files)
    if lock is None:
        return None
    summary = summarize(lock)
    if _is_unchanged(files, entry):
        cache.write(LOCKS, key, summary._asdict())
    return summary


def _is_unchanged(files: FileSet, entry: FileEntry) -> bool:
    """Whether the lock still has the content of `entry`, so that the summary is that of this content."""
    try:
        return any(file_digest(file.source) == entry.sha256 for file in files.files if file.path == entry.path)
    except OSError:
        return False


def summarize(lock: UvLock) -> LockSummary:
    """Return the summary of a lock."""
    local = (
        path for item in lock.packages for path in (*([item.source] if item.is_local else []), *(file.path for file in item.files))
    )
    return LockSummary(
        _sources(lock),
        _keys(lock.options),
        _keys(lock.manifest),
        _in_project(lock),
        any(re.match(_OUTSIDE, path) for path in local),
    )


def is_url(written: str) -> bool:
    """Whether a source is a URL, not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", written) is not None


def reach_of(url: str) -> str:
    """The kind of a URL that not every machine can reach: "file", "loopback" or "private"; otherwise ""."""
    scheme = url.partition(":")[0].lower()
    if scheme in {"file", "git+file"}:
        return "file"
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    if host == "localhost" or host.endswith(".localhost"):
        return "loopback"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if address.is_loopback or address.is_unspecified:
        return "loopback"
    return "private" if address.is_private or address.is_link_local else ""


def _sources(lock: UvLock) -> tuple[LockSource, ...]:
    """Return the sources of the packages in the lock, without duplicates."""
    found: dict[tuple[str, str], list[str]] = {}
    for package in lock.packages:
        if not package.source:
            continue
        found.setdefault((package.kind, package.source), []).append(package.name)
        home = split_url(package.source).netloc
        for url in (file.url for file in package.files):
            if url.startswith("file:"):
                found.setdefault(("url", url), []).append(package.name)
                continue
            parts = split_url(url)
            if parts.netloc != home and reach_of(url) == "loopback":
                found.setdefault(("url", f"{parts.scheme}://{parts.netloc}"), []).append(package.name)
    return tuple(LockSource(kind, written, tuple(dict.fromkeys(names))) for (kind, written), names in found.items())


def _in_project(lock: UvLock) -> tuple[tuple[str, ...], ...]:
    found = []
    for package in lock.packages:
        if package.kind != "registry" or is_url(package.source) or Path(package.source).is_absolute():
            continue
        paths = [Path(os.path.normpath(f"{package.source}/{file.path}")).as_posix() for file in package.files if file.path]
        if paths and not paths[0].startswith("../"):
            found.append((package.name, *paths))
    return tuple(found)


def _keys(table: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys of a table of the lock whose values are not empty."""
    return tuple(key for key, value in table.items() if value not in ([], {}))


def _restored(record: Mapping[str, Any]) -> LockSummary:
    sources = tuple(LockSource(kind, written, tuple(packages)) for kind, written, packages in record["sources"])
    in_project = tuple(tuple(paths) for paths in record["in_project"])
    return LockSummary(sources, tuple(record["options"]), tuple(record["manifest"]), in_project, record["outside"])
