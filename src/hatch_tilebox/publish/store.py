"""The embedded release store: a folder, on a disk or a share, that needs no account and no server.

    tilebox-store.json                        says that this is a store, and of which format
    blobs/sha256/<2 digits>/<digest>          archives, named by their content
    workflows/<slug>/<number>-<id>.json       records of releases, numbered in the order of their registration
    workflows/<slug>/.lock                    held while a number is given
    clusters/<slug>/<workflow>.json           which release of a workflow is deployed to a cluster

Files appear whole or not at all, and but for those of clusters they never change. A release's id follows from its content, so that
registering it again, by whomever, finds the record that is there. A crash leaves at most files in `incoming`, which a later upload
removes.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from hatch_tilebox.errors import Problem, PublishError
from hatch_tilebox.publish.deployment import Cluster, Deployed, Deployer, no_such_release
from hatch_tilebox.publish.destination import CHUNK, Destination, PublishedRelease
from hatch_tilebox.publish.files import new_file, reading, shared_lock
from hatch_tilebox.whole_file import file_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from hatch_tilebox.model import ReleaseManifest
    from hatch_tilebox.progress import Progress
    from hatch_tilebox.publish.destination import LocalRelease

FORMAT = 1
_MARKER = "tilebox-store.json"
_IDS = uuid.UUID("6f0d54a8-6a3c-5f0e-9a55-0d6d3c1b7e11")
_DEFAULT_CLUSTER = "default"
_ABANDONED = 24 * 3600
"""Seconds after which a file in `incoming` belongs to an upload that is no more."""


class Store(Destination, Deployer):
    """A release store in the folder `root`, which is made when the first release comes.

    It has every cluster that somebody names, and notes what is deployed there: nothing runs on them by itself.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.to = self.url = self.root.as_uri()

    def find(self, release: LocalRelease) -> PublishedRelease | None:
        self._check_format()
        record = self._record(release.workflow, _release_id(release))
        if record is None or not _is_whole(self._blob(release.artifact.sha256), release.artifact.sha256):
            return None
        return self._read(record)

    def upload(self, release: LocalRelease, progress: Progress) -> str:
        self._create()
        digest, total = release.artifact.sha256, release.artifact.size
        blob = self._blob(digest)
        if not _is_whole(blob, digest):
            incoming = self.root / "incoming"
            _sweep(incoming)
            done = 0
            with new_file(blob, incoming) as file:
                for chunk in release.chunks():
                    file.write(chunk)
                    done += len(chunk)
                    progress.transferred(done, total)
        return digest

    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool]:
        folder = self.root / "workflows" / release.workflow
        folder.mkdir(parents=True, exist_ok=True)
        identifier = _release_id(release)
        with shared_lock(folder / ".lock"):
            if there := self._record(release.workflow, identifier):
                return self._read(there), False
            number = max((int(path.name.partition("-")[0]) for path in folder.glob("*-*.json")), default=0) + 1
            record = folder / f"{number:08}-{identifier}.json"
            now = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
            with new_file(record, self.root / "incoming") as file:
                file.write(json.dumps(_describe(release, identifier, uploaded, now), indent=2).encode() + b"\n")
        return self._read(record), True

    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        self._check_format()
        folder = self.root / "workflows"
        records = [path for path in folder.glob("*/*-*.json") if workflow is None or path.parent.name == workflow]
        found = [self._read(path) for path in sorted(records, key=lambda path: (path.parent.name, path.name), reverse=True)]
        clusters: dict[tuple[str, str | None], list[str]] = {}
        for note in sorted((self.root / "clusters").glob("*/*.json")):
            clusters.setdefault((note.stem, self._deployed(note)), []).append(note.parent.name)
        return [replace(release, clusters=tuple(clusters.get((release.workflow, release.id), ()))) for release in found]

    def manifest(self, release: PublishedRelease) -> ReleaseManifest:
        from hatch_tilebox.archive.reader import read_manifest

        return read_manifest(self._blob(release.digest))

    def download(self, release: PublishedRelease) -> Iterator[bytes]:
        with reading(self._blob(release.digest)) as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def cluster(self, slug: str) -> Cluster:
        slug = slug or _DEFAULT_CLUSTER
        mapped = {path.stem: self._deployed(path) for path in sorted(self._cluster(slug).glob("*.json"))}
        found = [Deployed(workflow, release, self.tasks(workflow, release)) for workflow, release in mapped.items() if release]
        return Cluster(slug, tuple(found))

    def tasks(self, workflow: str, release: str) -> frozenset[tuple[str, str]]:
        record = self._record(workflow, release)
        if record is None:
            raise no_such_release(workflow, release)
        return frozenset((task.name, task.version) for task in self.manifest(self._read(record)).tasks)

    def deploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        with self._notes(workflow, clusters) as notes:
            for note in notes:
                with new_file(note, self.root / "incoming") as file:
                    file.write(json.dumps({"release": release}).encode() + b"\n")
        return tuple(note.parent.name for note in notes)

    def undeploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        with self._notes(workflow, clusters) as notes:
            for note in notes:
                if self._deployed(note) == release:
                    note.unlink()
        return tuple(note.parent.name for note in notes)

    @contextmanager
    def _notes(self, workflow: str, clusters: Sequence[str]) -> Iterator[list[Path]]:
        """The files that say what of the workflow is deployed to the clusters, which nobody else changes meanwhile."""
        notes = [self._cluster(slug) / f"{workflow}.json" for slug in clusters or (_DEFAULT_CLUSTER,)]
        (self.root / "clusters").mkdir(exist_ok=True)
        with shared_lock(self.root / "clusters" / ".lock"):
            yield notes

    def _cluster(self, slug: str) -> Path:
        from hatch_tilebox.config.rules import check_slug

        if wrong := check_slug(slug):
            raise PublishError(Problem(f"{slug!r} is no slug of a cluster", hint=wrong))
        return self.root / "clusters" / slug

    def _deployed(self, path: Path) -> str | None:
        """The id of the release that a file of a cluster names, None where it is gone by now."""
        try:
            release = _json_object(path.read_bytes()).get("release")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishError(Problem(f"{path} cannot be read: {error.strerror}")) from error
        if not isinstance(release, str):
            raise PublishError(Problem(f"{path} does not say which release is deployed"))
        return release

    def _blob(self, digest: str) -> Path:
        return self.root / "blobs" / "sha256" / digest[:2] / digest

    def _record(self, workflow: str, identifier: str) -> Path | None:
        return next((self.root / "workflows" / workflow).glob(f"*-{identifier}.json"), None)

    def _read(self, path: Path) -> PublishedRelease:
        with reading(path) as file:
            data = file.read()
        match _json_object(data):
            case {
                "id": str(identifier),
                "workflow": str(workflow),
                "project": {"version": str(version)},
                "digest": str(digest),
                "size": int(size),
                "fingerprint": str(fingerprint),
                "created_at": str(created_at),
            } if re.fullmatch("[0-9a-f]{64}", digest):
                # A record of another workflow or release than its path has might lead out of the store.
                if (path.parent.name, path.name.partition("-")[2]) == (workflow, f"{identifier}.json"):
                    url = self._blob(digest).as_uri()
                    return PublishedRelease(identifier, workflow, digest, fingerprint, url, version, created_at, size)
        raise PublishError(Problem(f"{path} is no record of a release"))

    def _create(self) -> None:
        if self._check_format():
            return
        with new_file(self.root / _MARKER, self.root) as file:
            file.write(json.dumps({"format": FORMAT}).encode() + b"\n")

    def _check_format(self) -> bool:
        """Whether the store is there. Raises PublishError where the folder is something else."""
        marker = self.root / _MARKER
        try:
            used = any(not path.name.startswith(".") for path in self.root.iterdir())
        except FileNotFoundError:
            return False
        except NotADirectoryError:
            used = True
        # Asked after the folder was listed: another process may make the store between the two.
        if not marker.exists():
            if used:
                message = f"{self.root} is no release store, and it is not empty"
                raise PublishError(Problem(message, hint="name a new or an empty folder, or one that holds a store"))
            return False
        with reading(marker) as file:
            data = file.read()
        found = _json_object(data).get("format")
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


def _json_object(data: bytes) -> dict[str, Any]:
    """The object that JSON text is, empty where it is something else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _is_whole(blob: Path, digest: str) -> bool:
    """Whether the blob is there and still what its name says: a disk may have lost bits of it."""
    try:
        return file_digest(blob) == digest
    except FileNotFoundError:
        return False


def _sweep(incoming: Path) -> None:
    """Remove what crashed uploads left."""
    for path in incoming.glob("*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink()
