"""The embedded release store: a folder, on a disk or a share, that needs no account and no server.

    tilebox-store.json                        says that this is a store, and of which format
    blobs/sha256/<2 digits>/<digest>          archives, named by their content
    workflows/<slug>/<number>-<id>.json       records of releases, numbered in the order of their registration
    workflows/<slug>/.lock                    held while a number is given
    clusters/<slug>/<workflow>.json           which release of a workflow is deployed to a cluster

Files appear whole or not at all, and but for those of clusters they never change. Who may write in the store's folder may do so in
all folders in it, whatever the umask of those who made them. A release's id follows from its content, so that
registering it again, by whomever, finds the record that is there. A crash leaves at most files in `incoming`, which a later upload
removes.
"""

from __future__ import annotations

import json
import re
import stat
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.files import file_digest
from hatch_tilebox.core.identifiers import is_digest, slug_fault, version_fault
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import inside, open_regular
from hatch_tilebox.plugins.destination import CHUNK, Destination, PublishedRelease
from hatch_tilebox.publish.addresses import STORE_MARKER
from hatch_tilebox.publish.deployment import Cluster, Deployed, Deployer, no_such_release
from hatch_tilebox.publish.files import new_file, reading, shared_folder, shared_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import LocalRelease

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

FORMAT = 1
_IDS = uuid.UUID("6f0d54a8-6a3c-5f0e-9a55-0d6d3c1b7e11")
_DEFAULT_CLUSTER = "default"
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RECORD = re.compile(rf"[0-9]{{8,12}}-{_ID.pattern}\.json")
_MAX_FILE = 2**16
"""Bytes of a file that is not an archive."""
_ABANDONED = 24 * 3600
"""Seconds after which a file in `incoming` belongs to an upload that is no more."""


def _tells_faults(method: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """`method`, whose errors of the system become PublishError: a store may be unreadable, full, or hold a folder for a file."""

    @wraps(method)
    def told(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        try:
            return method(*arguments, **named)
        except OSError as error:
            where = error.filename or "the store"
            raise PublishError(Problem(f"{where} cannot be used: {error.strerror or error}")) from error

    return told


class Store(Destination, Deployer):
    """A release store in the folder `root`, which is made when the first release comes.

    It has every cluster that somebody names, and notes what is deployed there: nothing runs on them by itself.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.to = self.url = self.root.as_uri()

    @_tells_faults
    def find(self, release: LocalRelease) -> PublishedRelease | None:
        self._check_format()
        record = self._record(release.workflow, _release_id(release))
        if record is None or not _is_whole(self._blob(release.artifact.sha256), release.artifact.sha256):
            return None
        return self._read(record)

    @_tells_faults
    def upload(self, release: LocalRelease, progress: Progress) -> str:
        self._create()
        digest, total = release.artifact.sha256, release.artifact.size
        blob = self._blob(digest)
        if not _is_whole(blob, digest):
            incoming = self.root / "incoming"
            _sweep(incoming)
            done = 0
            with new_file(blob, incoming, self.root) as file:
                for chunk in release.chunks():
                    file.write(chunk)
                    done += len(chunk)
                    progress.transferred(done, total)
        return digest

    @_tells_faults
    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool]:
        folder = self._workflow(release.workflow)
        shared_folder(folder, self.root)
        identifier = _release_id(release)
        with shared_lock(folder / ".lock"):
            if there := self._record(release.workflow, identifier):
                return self._read(there), False
            number = max((int(path.name.partition("-")[0]) for path in _records(folder)), default=0) + 1
            record = folder / f"{number:08}-{identifier}.json"
            now = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
            with new_file(record, self.root / "incoming", self.root) as file:
                file.write(json.dumps(_describe(release, identifier, uploaded, now), indent=2).encode() + b"\n")
        return self._read(record), True

    @_tells_faults
    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        self._check_format()
        folders = _folders(self.root / "workflows") if workflow is None else [self._workflow(workflow)]
        records = [path for folder in folders for path in _records(folder)]
        found = [self._read(path) for path in sorted(records, key=lambda path: (path.parent.name, path.name), reverse=True)]
        clusters: dict[tuple[str, str | None], list[str]] = {}
        for note in [note for folder in _folders(self.root / "clusters") for note in _notes(folder)]:
            clusters.setdefault((note.stem, self._deployed(note)), []).append(note.parent.name)
        return [replace(release, clusters=tuple(clusters.get((release.workflow, release.id), ()))) for release in found]

    @_tells_faults
    def manifest(self, release: PublishedRelease) -> ReleaseManifest:
        from hatch_tilebox.archive.reader import read_manifest

        return read_manifest(self._blob(release.digest))

    def download(self, release: PublishedRelease) -> Iterator[bytes]:
        with reading(self._blob(release.digest)) as file:
            while chunk := file.read(CHUNK):
                yield chunk

    @_tells_faults
    def clusters(self) -> list[Cluster]:
        return [self.cluster(folder.name) for folder in _folders(self.root / "clusters")]

    @_tells_faults
    def cluster(self, slug: str) -> Cluster:
        slug = slug or _DEFAULT_CLUSTER
        mapped = {path.stem: self._deployed(path) for path in _notes(self._cluster(slug))}
        found = [Deployed(workflow, release, self.tasks(workflow, release)) for workflow, release in mapped.items() if release]
        return Cluster(slug, tuple(found))

    @_tells_faults
    def tasks(self, workflow: str, release: str) -> frozenset[tuple[str, str]]:
        record = self._record(workflow, release)
        if record is None:
            raise no_such_release(workflow, release)
        return frozenset((task.name, task.version) for task in self.manifest(self._read(record)).tasks)

    @_tells_faults
    def deploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        with self._notes(workflow, clusters) as notes:
            for note in notes:
                with new_file(note, self.root / "incoming", self.root) as file:
                    file.write(json.dumps({"release": release}).encode() + b"\n")
        return tuple(note.parent.name for note in notes)

    @_tells_faults
    def undeploy(self, workflow: str, release: str | None, clusters: Sequence[str]) -> tuple[str, ...]:
        with self._notes(workflow, clusters) as notes:
            for note in notes:
                if release is None or self._deployed(note) == release:
                    note.unlink(missing_ok=True)
        return tuple(note.parent.name for note in notes)

    @contextmanager
    def _notes(self, workflow: str, clusters: Sequence[str]) -> Iterator[list[Path]]:
        """The files that say what of the workflow is deployed to the clusters, which nobody else changes meanwhile."""
        self._workflow(workflow)
        notes = [inside(self._cluster(slug), f"{workflow}.json") for slug in clusters or (_DEFAULT_CLUSTER,)]
        shared_folder(self.root / "clusters", self.root)
        with shared_lock(self.root / "clusters" / ".lock"):
            yield notes

    def _cluster(self, slug: str) -> Path:
        if wrong := slug_fault(slug):
            raise PublishError(Problem(f"{slug!r} is not a cluster: it {wrong}"))
        return inside(self.root, "clusters", slug)

    def _workflow(self, slug: str) -> Path:
        if wrong := slug_fault(slug):
            raise PublishError(Problem(f"{slug!r} is not a workflow: it {wrong}"))
        return inside(self.root, "workflows", slug)

    def _deployed(self, path: Path) -> str | None:
        """The id of the release that a file of a cluster names, None where it is gone by now."""
        try:
            release = _read_object(path).get("release")
        except FileNotFoundError:
            return None
        if not isinstance(release, str) or not _ID.fullmatch(release):
            raise PublishError(Problem(f"{path} does not say which release is deployed"))
        return release

    def _blob(self, digest: str) -> Path:
        return inside(self.root, "blobs", "sha256", digest[:2], digest)

    def _record(self, workflow: str, identifier: str) -> Path | None:
        end = f"-{identifier}.json"
        return next((path for path in _records(self._workflow(workflow)) if path.name.endswith(end)), None)

    def _read(self, path: Path) -> PublishedRelease:
        match _read_object(path):
            case {
                "id": str(identifier),
                "workflow": str(workflow),
                "project": {"version": str(version)},
                "digest": str(digest),
                "size": int(size),
                "fingerprint": str(fingerprint),
                "created_at": str(created_at),
            } if is_digest(digest) and is_digest(fingerprint) and not version_fault(version) and 0 <= size < 2**63:
                # A record of another workflow or release than its path has might lead out of the store.
                if (path.parent.name, path.name.partition("-")[2]) == (workflow, f"{identifier}.json"):
                    url = self._blob(digest).as_uri()
                    return PublishedRelease(identifier, workflow, digest, fingerprint, url, version, created_at, size)
        raise PublishError(Problem(f"{path} is not a record of a release"))

    def _create(self) -> None:
        if self._check_format():
            return
        with new_file(self.root / STORE_MARKER, self.root, self.root) as file:
            file.write(json.dumps({"format": FORMAT}).encode() + b"\n")

    def _check_format(self) -> bool:
        """Whether the store is there. Raises PublishError where the folder is something else."""
        marker = self.root / STORE_MARKER
        try:
            used = any(not path.name.startswith(".") for path in self.root.iterdir())
        except FileNotFoundError:
            return False
        except NotADirectoryError:
            used = True
        # Asked after the folder was listed: another process may make the store between the two.
        if not marker.exists():
            if used:
                message = f"{self.root} is not a release store, and it is not empty"
                raise PublishError(Problem(message, hint="name a new or an empty folder, or one that holds a store"))
            return False
        found = _read_object(marker).get("format")
        if found != FORMAT:
            raise PublishError(Problem(f"{marker}: format is {found!r}; this version knows {FORMAT}"))
        return True


def _release_id(release: LocalRelease) -> str:
    return str(uuid.uuid5(_IDS, f"{release.workflow}/{release.manifest.fingerprint}/{release.artifact.sha256}"))


def _describe(release: LocalRelease, identifier: str, digest: str, now: str) -> dict[str, Any]:
    project = release.manifest.project
    return {
        "id": identifier,
        "workflow": release.workflow,
        "project": {"name": project.name, "version": project.version},
        "digest": digest,
        "size": release.artifact.size,
        "fingerprint": release.manifest.fingerprint,
        "created_at": now,
    }


def _read_object(path: Path) -> dict[str, Any]:
    """The object in a file, empty where it holds something else. Raises OSError where it cannot be read."""
    with open_regular(path) as file:
        data = file.read(_MAX_FILE + 1)
    try:
        value = parse_json(data) if len(data) <= _MAX_FILE else None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _records(folder: Path) -> list[Path]:
    """The records of a workflow, the first one first. Other files, such as copies and notes, are none of the store's."""
    return sorted(path for path in _listed(folder) if _RECORD.fullmatch(path.name))


def _notes(folder: Path) -> list[Path]:
    """The files that say what is deployed to a cluster."""
    return sorted(path for path in _listed(folder) if path.suffix == ".json" and not slug_fault(path.stem))


def _folders(folder: Path) -> list[Path]:
    """The folders that are named by a slug."""
    return sorted(path for path in _listed(folder) if not slug_fault(path.name) and path.is_dir())


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []


def _is_whole(blob: Path, digest: str) -> bool:
    """Whether the blob is there and still what its name says: a disk may have lost bits of it."""
    try:
        return file_digest(blob) == digest
    except FileNotFoundError:
        return False


def _sweep(incoming: Path) -> None:
    """Remove what crashed uploads left."""
    for path in _listed(incoming):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > _ABANDONED:
                path.unlink()
