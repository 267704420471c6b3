"""The user's cache folder: environments and results of discovery that are kept between builds.

```
<cache>/environments/<key>/   project/ (staged files), env/, bytecode/, ready.json (written last)
<cache>/environments/<key>.lock
<cache>/results/<key>.json
<cache>/locks/<key>.json        the summary of a `uv.lock`
<cache>/archives/<key>.json     the digest of a release that was written
<cache>/programs/<key>.json     the version of a uv
```

A damaged result is ignored. The code in an environment is executed without a check, so the cache must be private: a folder that
another user owns or may write to is refused.
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
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.model import canonical_json
from hatch_tilebox.core.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hatch_tilebox.core.model import JSON

DIRECTORY_VARIABLE = "HATCH_TILEBOX_CACHE_DIR"
KINDS = RESULTS, LOCKS, ARCHIVES, PROGRAMS = "results", "locks", "archives", "programs"
"""Folders of the values that `Cache.read` returns."""
EXPIRY = 30 * 24 * 3600
"""Seconds after which an unused entry is removed."""
EXPIRY_CHECK = 24 * 3600
LOCK_POLL = 0.01
_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG}


class CacheInfo(NamedTuple):
    """The contents of the cache.

    `size` is in bytes. Clearing the cache frees `freed` of them: other files are hard links into uv's cache.
    """

    path: Path
    size: int
    freed: int
    environments: int
    results: int


def cache_folder() -> Path:
    """The folder of the cache: `HATCH_TILEBOX_CACHE_DIR`, or a folder in the platform's cache folder of the user."""
    if named := os.environ.get(DIRECTORY_VARIABLE):
        return Path(named).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("hatch-tilebox", appauthor=False)


def digest(value: JSON) -> str:
    """The SHA-256 digest of `value` as 64 hex digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def file_identity(path: Path) -> list[JSON] | None:
    """Path, size and time of the file at `path`, which change when it is replaced. None if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [str(path), status.st_size, status.st_mtime_ns]


class Cache:
    """A cache folder. See `open_cache`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environments = root / "environments"
        self.folders = root / "folders"

    def read(self, kind: str, key: str) -> dict[str, Any] | None:
        """The value that was written for `key`, None if it is missing or damaged. `kind` is the name of its folder."""
        path = self.root / kind / f"{key}.json"
        value = read_sealed(path)
        if value is not None:
            touch(path)
        return value

    def write(self, kind: str, key: str, value: dict[str, Any]) -> None:
        """Write `value` for `key`. `kind` is the name of its folder."""
        folder = self.root / kind
        folder.mkdir(parents=True, exist_ok=True)
        write_sealed(folder / f"{key}.json", value)

    def folder(self, name: str, make: Callable[[Path], None], *, renew: bool) -> Path:
        """Return the folder kept under `name`. `make` fills a new one, which appears whole or not at all.

        With `renew` the folder is filled again. One with the same files stays, because other builds may be reading it.
        """
        from filelock import FileLock

        place = self.folders / name
        self.environments.mkdir(parents=True, exist_ok=True)
        with FileLock(self.environments / f"{name}.lock", poll_interval=LOCK_POLL):
            if renew or not place.is_dir():
                self.folders.mkdir(parents=True, exist_ok=True)
                with temporary_folder(self.folders) as temporary:
                    content = temporary / "content"
                    content.mkdir()
                    make(content)
                    if _contents(content) != _contents(place):
                        shutil.rmtree(place, ignore_errors=True)
                        content.rename(place)
            touch(place)
        return place

    def expire(self, now: float | None = None) -> None:
        """Remove entries that were not used for 30 days. Checks at most once a day."""
        now = time.time() if now is None else now
        stamp = self.root / "expiry"
        if stamp.exists() and now - stamp.stat().st_mtime < EXPIRY_CHECK:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        stamp.touch()
        os.utime(stamp, (now, now))
        self._remove(lambda path: now - path.stat().st_mtime > EXPIRY)

    def clear(self) -> None:
        """Remove all entries that no running build uses."""
        self._remove(lambda _: True)

    def _remove(self, condition: Callable[[Path], bool]) -> None:
        for record in (path for kind in KINDS for path in (self.root / kind).glob("*.json")):
            with contextlib.suppress(OSError):
                if condition(record):
                    record.unlink()
        for folder in (*self.folders.glob("wheel-*/"), *self.folders.glob("vendored-*/")):
            with contextlib.suppress(OSError):
                if condition(folder):
                    self._remove_folder(folder)
        for entry in self.environments.glob("*/"):
            ready = entry / "ready.json"
            with contextlib.suppress(OSError):
                if condition(ready if ready.exists() else entry):
                    self._remove_folder(entry)

    def _remove_folder(self, entry: Path) -> None:
        from filelock import FileLock, Timeout

        path = self.environments / f"{entry.name}.lock"
        lock = FileLock(path)
        with contextlib.suppress(Timeout), lock.acquire(timeout=0):
            shutil.rmtree(entry, ignore_errors=True)
            if os.name == "nt":  # an open file cannot be removed there, and an empty lock file is harmless
                return
            path.unlink(missing_ok=True)


def _contents(folder: Path) -> dict[str, bytes] | None:
    """Return the files in a folder, None if there is no such folder."""
    if not folder.is_dir():
        return None
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def open_cache(*, keep: bool) -> Iterator[Cache]:
    """The user's cache, or a temporary one with `keep=False`.

    Raises DiscoveryError if the folder cannot be used, now or while the cache is open.
    """
    if keep:
        folder = cache_folder()
        with _report_unusable(folder, f"name another folder with {DIRECTORY_VARIABLE}"):
            _temporary_folder()
            cache = Cache(folder)
            for place in (cache.root, cache.environments, cache.folders, *(cache.root / kind for kind in KINDS)):
                _ensure_private(place)
            _refuse_open_parents(cache.root)
            cache.expire()
            yield cache
        return
    with (
        _report_unusable(_temporary_folder(), "name another folder for temporary files with TMPDIR"),
        temporary_folder() as temporary,
    ):
        yield Cache(temporary)


def _temporary_folder() -> Path:
    """The folder for temporary files. Raises DiscoveryError if there is no writable one."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        message = "there is no folder for temporary files that can be written"
        raise DiscoveryError(Problem(message, "name one with TMPDIR", code="TBX212")) from error


def _ensure_private(folder: Path) -> None:
    """Create `folder` for this user only. Raises DiscoveryError if another user may have written to it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "nt":  # the user's profile is private there
        return
    status = folder.stat()
    if status.st_uid != os.geteuid():
        _refuse(f"the cache {folder} belongs to another user, who could put code there that this build would run")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        message = f"other users may write in the cache {folder}, and so could put code there that this build would run"
        _refuse(message, "remove the folder if you do not know what is in it; or ")
    if stat.S_IMODE(status.st_mode) != stat.S_IRWXU:
        folder.chmod(0o700)


def _refuse_open_parents(folder: Path) -> None:
    """Raise DiscoveryError if any user may replace `folder`."""
    for parent in folder.resolve().parents if os.name != "nt" else ():
        mode = parent.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            _refuse(f"any user may put another folder in the place of the cache {folder}: they may write in {parent}")


def _refuse(message: str, before: str = "") -> NoReturn:
    hint = f"{before}name a folder of your own with {DIRECTORY_VARIABLE}, or use none: build --no-cache, run --cold, verify --cold"
    raise DiscoveryError(Problem(message, hint, code="TBX212"))


@contextlib.contextmanager
def _report_unusable(folder: Path, alternative: str) -> Iterator[None]:
    """Raise DiscoveryError for a full disk, missing permissions and similar errors in `folder`."""
    try:
        yield
    except OSError as error:
        place = Path(error.filename) if isinstance(error.filename, str) else None
        above = place is not None and folder.is_relative_to(place)  # a parent folder that has to be created
        inside = place is not None and (above or place.is_relative_to(folder))
        if error.errno in _FULL:
            hint = f"free some space, or {alternative}"
        elif inside and (error.errno in _CLOSED or (above and error.errno == errno.ENOENT)):
            hint = f"give yourself write permission, or {alternative}"
        else:
            raise
        message = f"{folder}, where builds create environments, cannot be used: {error.strerror}"
        raise DiscoveryError(Problem(message, hint, code="TBX212")) from error


def cache_info() -> CacheInfo:
    """The contents of the user's cache."""
    cache = Cache(cache_folder())
    size, freed = _sizes(cache.root)
    return CacheInfo(cache.root, size, freed, len([*cache.environments.glob("*/")]), len([*(cache.root / RESULTS).glob("*.json")]))


def _sizes(root: Path) -> tuple[int, int]:
    """Bytes of all files below `root`, each counted once, and of those that do not have hard links elsewhere."""
    found: dict[tuple[int, int], list[int]] = {}  # size, links elsewhere
    for parent, _, names in os.walk(root):
        for name in names:
            with contextlib.suppress(OSError):  # a build may remove it meanwhile
                status = Path(parent, name).lstat()
                entry = found.setdefault((status.st_dev, status.st_ino), [status.st_size, status.st_nlink])
                entry[1] -= 1
    return sum(size for size, _ in found.values()), sum(size for size, elsewhere in found.values() if elsewhere <= 0)


def clear_cache() -> int:
    """Remove all entries of the user's cache that no running build uses, and return the number of freed bytes."""
    before = cache_info().freed
    Cache(cache_folder()).clear()
    return before - cache_info().freed


def write_sealed(path: Path, value: dict[str, Any]) -> None:
    """Write `value` and its checksum to `path` in one step."""
    with whole_file(path, durable=False) as file:
        file.write(canonical_json({"digest": digest(value), "value": value}))


def read_sealed(path: Path) -> dict[str, Any] | None:
    """The value that `write_sealed` wrote, None if it is missing or damaged."""
    try:
        record = json.loads(path.read_bytes())
        value = record["value"]
        return value if record["digest"] == digest(value) and isinstance(value, dict) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def touch(path: Path) -> None:
    """Set the time of `path` to now, as its last use."""
    with contextlib.suppress(OSError):
        os.utime(path)
