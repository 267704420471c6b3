"""What is kept between builds in the user's cache folder: environments, and results of discovery.

```
<cache>/environments/<key>/   project/ (staged files), env/, bytecode/, ready.json (written last)
<cache>/environments/<key>.lock
<cache>/results/<key>.json
```

Results count as not there where they do not read back as they were written. An environment is code that is executed as it is
found, so the cache is its user's alone: a folder that somebody else owns or may write in is refused.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.model import canonical_json
from hatch_tilebox.core.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hatch_tilebox.core.model import JSON

__all__ = ["CacheInfo", "Store", "cache_folder", "cache_info", "clear_cache", "digest", "file_identity", "open_store"]

DIRECTORY_VARIABLE = "HATCH_TILEBOX_CACHE_DIR"
EXPIRY = 30 * 24 * 3600
"""Seconds after which an entry that no build used is dropped."""
EXPIRY_CHECK = 24 * 3600
LOCK_POLL = 0.01
_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG}


@dataclass(frozen=True)
class CacheInfo:
    """What the cache holds; `size` in bytes, of which `freed` would be free after clearing: the rest is in uv's cache, too."""

    path: Path
    size: int
    freed: int
    environments: int
    results: int


def cache_folder() -> Path:
    """Where the cache is: `HATCH_TILEBOX_CACHE_DIR`, else the user's cache folder as the platform names it."""
    if named := os.environ.get(DIRECTORY_VARIABLE):
        return Path(named).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("hatch-tilebox", appauthor=False)


def digest(value: JSON) -> str:
    """64 hex digits that stand for `value`."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def file_identity(path: Path) -> list[JSON] | None:
    """What changes when the file at `path` is replaced, or None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [str(path), status.st_size, status.st_mtime_ns]


class Store:
    """A folder of entries. See `open_store`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environments = root / "environments"
        self.results = root / "results"

    @contextlib.contextmanager
    def lock(self, key: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """Keep others from the environment `key`. `on_wait` is called where somebody else has it first."""
        from filelock import FileLock, Timeout

        self.environments.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.environments / f"{key}.lock", poll_interval=LOCK_POLL)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def read_result(self, key: str) -> dict[str, Any] | None:
        """The result kept under `key`, if it reads back as it was written."""
        path = self.results / f"{key}.json"
        record = read_sealed(path)
        if record is None:
            path.unlink(missing_ok=True)
        else:
            touch(path)
        return record

    def write_result(self, key: str, value: dict[str, Any]) -> None:
        """Keep `value` under `key`."""
        self.results.mkdir(parents=True, exist_ok=True)
        write_sealed(self.results / f"{key}.json", value)

    def expire(self, now: float | None = None) -> None:
        """Drop what no build used for 30 days; looks at most once a day."""
        now = time.time() if now is None else now
        stamp = self.root / "expiry"
        if stamp.exists() and now - stamp.stat().st_mtime < EXPIRY_CHECK:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        stamp.touch()
        os.utime(stamp, (now, now))
        self._drop(lambda path: now - path.stat().st_mtime > EXPIRY)

    def clear(self) -> None:
        """Drop everything that no running build uses."""
        self._drop(lambda _: True)

    def _drop(self, condition: Any) -> None:
        for result in self.results.glob("*.json"):
            with contextlib.suppress(OSError):
                if condition(result):
                    result.unlink()
        for entry in self.environments.glob("*/"):
            ready = entry / "ready.json"
            with contextlib.suppress(OSError):
                if condition(ready if ready.exists() else entry):
                    self._drop_environment(entry)

    def _drop_environment(self, entry: Path) -> None:
        from filelock import FileLock, Timeout

        lock = FileLock(f"{entry}.lock")
        with contextlib.suppress(Timeout), lock.acquire(timeout=0):
            shutil.rmtree(entry, ignore_errors=True)
            if os.name == "nt":  # an open file cannot be removed there, and an empty lock file does no harm
                return
            Path(f"{entry}.lock").unlink(missing_ok=True)


@contextlib.contextmanager
def open_store(*, keep: bool) -> Iterator[Store]:
    """The user's cache, or with `keep=False` a folder that is gone afterwards.

    Raises DiscoveryError where the system does not let us use the folder, now or while the store is open.
    """
    if keep:
        folder = cache_folder()
        with _faults_told(folder, f"name another folder with {DIRECTORY_VARIABLE}"):
            _temporary_folder()
            store = Store(folder)
            for place in (store.root, store.environments, store.results):
                _keep_private(place)
            _refuse_open_parents(store.root)
            store.expire()
            yield store
        return
    with (
        _faults_told(_temporary_folder(), "name another folder for temporary files with TMPDIR"),
        temporary_folder() as temporary,
    ):
        yield Store(temporary)


def _temporary_folder() -> Path:
    """The folder for temporary files. Raises DiscoveryError where there is none that can be written."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        message = "there is no folder for temporary files that can be written"
        raise DiscoveryError(Problem(message, "name one with TMPDIR")) from error


def _keep_private(folder: Path) -> None:
    """Make `folder` where it is missing, closed to all others. Raises DiscoveryError where somebody else may have written in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "nt":  # the user's own profile is closed to others there
        return
    status = folder.stat()
    hint = f"name a folder of your own with {DIRECTORY_VARIABLE}, or build with --no-cache"
    if status.st_uid != os.geteuid():
        message = f"the cache {folder} belongs to another user, who could put code there that this build would run"
        raise DiscoveryError(Problem(message, hint))
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        message = f"other users may write in the cache {folder}, and so could put code there that this build would run"
        raise DiscoveryError(Problem(message, f"remove the folder if you do not know what is in it; or {hint}"))
    if stat.S_IMODE(status.st_mode) != stat.S_IRWXU:
        folder.chmod(0o700)


def _refuse_open_parents(folder: Path) -> None:
    """Raise DiscoveryError where anybody may put another folder in the place of `folder`."""
    for parent in folder.resolve().parents if os.name != "nt" else ():
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            message = f"any user may put another folder in the place of the cache {folder}: they may write in {parent}"
            hint = f"name a folder of your own with {DIRECTORY_VARIABLE}, or build with --no-cache"
            raise DiscoveryError(Problem(message, hint))


@contextlib.contextmanager
def _faults_told(folder: Path, way_out: str) -> Iterator[None]:
    """Full disks, missing rights and the like in `folder` are for the user to fix; other errors of the system pass."""
    try:
        yield
    except OSError as error:
        place = Path(error.filename) if isinstance(error.filename, str) else None
        above = place is not None and folder.is_relative_to(place)  # one that would have to be created first
        inside = place is not None and (above or place.is_relative_to(folder))
        if error.errno in _FULL:
            hint = f"make room, or {way_out}"
        elif inside and (error.errno in _CLOSED or (above and error.errno == errno.ENOENT)):
            hint = f"make it yours to write, or {way_out}"
        else:
            raise
        message = f"{folder}, where builds create environments, cannot be used: {error.strerror}"
        raise DiscoveryError(Problem(message, hint)) from error


def cache_info() -> CacheInfo:
    """What the user's cache holds."""
    store = Store(cache_folder())
    size, freed = _sizes(store.root)
    return CacheInfo(store.root, size, freed, len([*store.environments.glob("*/")]), len([*store.results.glob("*.json")]))


def _sizes(root: Path) -> tuple[int, int]:
    """Bytes of all files below `root`, each counted once, and of those that have no name elsewhere, such as in uv's cache."""
    found: dict[tuple[int, int], list[int]] = {}  # size, names elsewhere
    for parent, _, names in os.walk(root):
        for name in names:
            with contextlib.suppress(OSError):  # a build has just removed it
                status = Path(parent, name).lstat()
                entry = found.setdefault((status.st_dev, status.st_ino), [status.st_size, status.st_nlink])
                entry[1] -= 1
    return sum(size for size, _ in found.values()), sum(size for size, elsewhere in found.values() if elsewhere <= 0)


def clear_cache() -> int:
    """Drop everything in the user's cache that no running build uses, and return how many bytes went."""
    before = cache_info().freed
    Store(cache_folder()).clear()
    return before - cache_info().freed


def write_sealed(path: Path, value: dict[str, Any]) -> None:
    """Write `value` to `path` in one step, with a checksum over it."""
    with whole_file(path, durable=False) as file:
        file.write(canonical_json({"digest": digest(value), "value": value}))


def read_sealed(path: Path) -> dict[str, Any] | None:
    """What `write_sealed` wrote, or None where it is not there or not whole."""
    try:
        record = json.loads(path.read_bytes())
        value = record["value"]
        return value if record["digest"] == digest(value) and isinstance(value, dict) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def touch(path: Path) -> None:
    """Note that `path` was used just now."""
    with contextlib.suppress(OSError):
        os.utime(path)
