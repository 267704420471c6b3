"""The embedded release store: a folder, on a disk or a share, that needs no account and no server.

    tilebox-store.json                        marks the folder as a store, with the version of its format
    blobs/sha256/<2 digits>/<digest>          archives, named by their digest
    workflows/<slug>/<number>-<version>-<id>.json
                                              records of releases, numbered in the order in which they were registered
    workflows/<slug>/.lock                    locked while a number is assigned
    attachments/<id>/<name>                   documents about a release, such as its SBOM
    attachments/<id>/<digits>-<name>          another document of that name, with the beginning of its digest
    clusters/<slug>/<workflow>.json           the release of a workflow that is deployed to a cluster
    clusters/<slug>/<workflow>.history        the releases that were deployed to it, the last one first

Files appear complete or not at all, and never change, except those of clusters. All folders have the permissions of the store's own
folder, whatever the umask. The id of a release is computed from its content, so registering it again finds the existing record. A
crash leaves at most files in `incoming`, which a later upload removes.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial, wraps
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from hatch_tilebox.archive.reader import read_manifest
from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.identifiers import is_digest, slug_fault, version_fault
from hatch_tilebox.core.paths import inside
from hatch_tilebox.plugins.destination import CHUNK, Destination, PublishedRelease
from hatch_tilebox.publish.addresses import STORE_MARKER
from hatch_tilebox.publish.attachments import read_attachment
from hatch_tilebox.publish.deployer import Cluster, Deployed, Deployer, no_such_release
from hatch_tilebox.publish.files import holds, new_file, reading, shared_folder, shared_lock
from hatch_tilebox.publish.store_files import (
    RELEASE_ID,
    folders,
    is_named_by,
    is_record_of,
    is_whole,
    listed,
    name_of_record,
    names_of,
    new_record,
    notes,
    read_object,
    records,
    release_id,
    sweep,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Attachment, LocalRelease

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

FORMAT = 1
_DEFAULT_CLUSTER = "default"
_HISTORY = 100
"""Deployments that the history of a cluster keeps."""


def _reports_errors(method: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Turn errors of the system in `method` into PublishError, such as a store that is unreadable or full."""

    @wraps(method)
    def reported(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        try:
            return method(*arguments, **named)
        except OSError as error:
            where = error.filename or "the store"
            raise PublishError(Problem(f"{where} cannot be used: {error.strerror or error}", code="TBX519")) from error

    return reported


class ReleaseStore(Destination, Deployer):
    """A release store in the folder `root`, which is created with the first release.

    A cluster exists as soon as a release is deployed to it. The store records deployments; it does not run anything.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.to = self.url = self.root.as_uri()
        self._blobs_url = self.root.joinpath("blobs", "sha256").as_uri()

    @_reports_errors
    def find(self, release: LocalRelease) -> PublishedRelease | None:
        self._check_format()
        record = self._record(release.workflow, release_id(release))
        if record is None or not is_whole(self._blob(release.artifact.sha256), release.artifact.sha256):
            return None
        return self._read(self._workflow(release.workflow), record)

    @_reports_errors
    def upload(self, release: LocalRelease, progress: Progress) -> str:
        self._create()
        digest, total = release.artifact.sha256, release.artifact.size
        blob = self._blob(digest)
        if not is_whole(blob, digest):
            incoming = self.root / "incoming"
            sweep(incoming)
            done = 0
            with new_file(blob, incoming, self.root) as file:
                for chunk in release.chunks():
                    file.write(chunk)
                    done += len(chunk)
                    progress.transferred(done, total)
        return digest

    @_reports_errors
    def register(self, release: LocalRelease, uploaded: str) -> tuple[PublishedRelease, bool]:
        folder = self._workflow(release.workflow)
        shared_folder(folder, self.root)
        identifier = release_id(release)
        with shared_lock(folder / ".lock"):
            if there := self._record(release.workflow, identifier):
                return self._read(folder, there), False
            number = max((int(name.partition("-")[0]) for name in records(folder)), default=0) + 1
            record = f"{number:08}-{name_of_record(release.manifest.project.version, identifier)}"
            now = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
            with new_file(folder / record, self.root / "incoming", self.root) as file:
                file.write(new_record(release, uploaded, now))
        return self._read(folder, record), True

    def releases(self, workflow: str | None) -> list[PublishedRelease]:
        return self.newest(workflow, None)[0]

    @_reports_errors
    def newest(self, workflow: str | None, limit: int | None) -> tuple[list[PublishedRelease], int]:
        self._check_format()
        workflows = folders(self.root / "workflows") if workflow is None else [self._workflow(workflow)]
        names = {folder: records(folder)[::-1] for folder in workflows}
        # Records are read one by one, as many as are needed.
        each = [map(partial(self._read, folder), found) for folder, found in names.items()]
        merged = merge(*each, key=lambda release: release.created_at or "", reverse=True)
        return self._with_clusters(islice(merged, limit)), sum(map(len, names.values()))

    @_reports_errors
    def with_version(self, workflow: str, version: str) -> list[PublishedRelease]:
        self._check_format()
        folder = self._workflow(workflow)
        named = (self._read(folder, name) for name in reversed(records(folder)) if is_named_by(name, version))
        return self._with_clusters(release for release in named if release.version == version)

    def _with_clusters(self, releases: Iterable[PublishedRelease]) -> list[PublishedRelease]:
        """Return the releases with the clusters that they are deployed to."""
        clusters: dict[tuple[str, str | None], list[str]] = {}
        for note in [note for folder in folders(self.root / "clusters") for note in notes(folder)]:
            clusters.setdefault((note.stem, self._deployed(note)), []).append(note.parent.name)
        return [
            replace(release, clusters=tuple(clusters[key])) if (key := (release.workflow, release.id)) in clusters else release
            for release in releases
        ]

    @_reports_errors
    def manifest(self, release: PublishedRelease) -> ReleaseManifest:
        return read_manifest(self._blob(release.digest))

    def download(self, release: PublishedRelease) -> Iterator[bytes]:
        with reading(self._blob(release.digest)) as file:
            while chunk := file.read(CHUNK):
                yield chunk

    @_reports_errors
    def attach(self, release: PublishedRelease, attachment: Attachment) -> bool:
        for name in names_of(attachment):
            path = inside(self.root, "attachments", release.id, name)
            if not path.exists():
                with new_file(path, self.root / "incoming", self.root) as file:
                    file.write(attachment.content)
            if holds(path, attachment.content):
                return True
        return False

    @_reports_errors
    def attachments(self, release: PublishedRelease, media_types: Collection[str]) -> Iterator[Attachment]:
        paths = sorted(listed(inside(self.root, "attachments", release.id)), key=lambda path: (len(path.name), path.name))
        return (document for path in paths if (document := read_attachment(path)) and document.media_type in media_types)

    @_reports_errors
    def clusters(self) -> list[Cluster]:
        return [self.cluster(folder.name) for folder in folders(self.root / "clusters")]

    @_reports_errors
    def cluster(self, slug: str) -> Cluster:
        slug = slug or _DEFAULT_CLUSTER
        mapped = {path.stem: self._deployed(path) for path in notes(self._cluster(slug))}
        found = [Deployed(workflow, release, self.tasks(workflow, release)) for workflow, release in mapped.items() if release]
        return Cluster(slug, tuple(found))

    @_reports_errors
    def tasks(self, workflow: str, release: str) -> frozenset[tuple[str, str]]:
        record = self._record(workflow, release)
        if record is None:
            raise no_such_release(workflow, release)
        return frozenset((task.name, task.version) for task in self.manifest(self._read(self._workflow(workflow), record)).tasks)

    @_reports_errors
    def deploy(self, workflow: str, release: str, clusters: Sequence[str]) -> tuple[str, ...]:
        with self._notes(workflow, clusters) as paths:
            for note in paths:
                with new_file(note, self.root / "incoming", self.root) as file:
                    file.write(json.dumps({"release": release}).encode() + b"\n")
                known = [release, *self._history(note.with_suffix(".history"))][:_HISTORY]
                with new_file(note.with_suffix(".history"), self.root / "incoming", self.root) as file:
                    file.write(json.dumps({"releases": known}).encode() + b"\n")
        return tuple(note.parent.name for note in paths)

    @_reports_errors
    def undeploy(self, workflow: str, release: str | None, clusters: Sequence[str]) -> tuple[str, ...]:
        with self._notes(workflow, clusters) as paths:
            for note in paths:
                deployed = self._deployed(note)
                if deployed and release in {deployed, None}:
                    note.unlink()
        return tuple(note.parent.name for note in paths)

    @_reports_errors
    def history(self, workflow: str, cluster: str) -> tuple[str, ...]:
        self._workflow(workflow)
        return tuple(self._history(inside(self._cluster(cluster), f"{workflow}.history")))

    def _history(self, path: Path) -> list[str]:
        """Return the ids in a file of deployments, the last one first. A store of an earlier version has no such file."""
        try:
            found = read_object(path).get("releases")
        except FileNotFoundError:
            return []
        if not isinstance(found, list) or not all(isinstance(each, str) and RELEASE_ID.fullmatch(each) for each in found):
            raise PublishError(Problem(f"{path} is not a history of deployments", code="TBX519"))
        return found

    @contextmanager
    def _notes(self, workflow: str, clusters: Sequence[str]) -> Iterator[list[Path]]:
        """Lock the files that record what of the workflow is deployed to the clusters, and return them."""
        self._workflow(workflow)
        notes = [inside(self._cluster(slug), f"{workflow}.json") for slug in clusters or (_DEFAULT_CLUSTER,)]
        shared_folder(self.root / "clusters", self.root)
        with shared_lock(self.root / "clusters" / ".lock"):
            yield notes

    def _cluster(self, slug: str) -> Path:
        if wrong := slug_fault(slug):
            raise PublishError(Problem(f"{slug!r} is not a cluster: it {wrong}", code="TBX506"))
        return inside(self.root, "clusters", slug)

    def _workflow(self, slug: str) -> Path:
        if wrong := slug_fault(slug):
            raise PublishError(Problem(f"{slug!r} is not a workflow: it {wrong}", code="TBX505"))
        return inside(self.root, "workflows", slug)

    def _deployed(self, path: Path) -> str | None:
        """Return the id of the release that a file of a cluster names, or None if the file was removed."""
        try:
            release = read_object(path).get("release")
        except FileNotFoundError:
            return None
        if not isinstance(release, str) or not RELEASE_ID.fullmatch(release):
            raise PublishError(Problem(f"{path} does not say which release is deployed", code="TBX519"))
        return release

    def _blob(self, digest: str) -> Path:
        return inside(self.root, "blobs", "sha256", digest[:2], digest)

    def _record(self, workflow: str, identifier: str) -> str | None:
        """Return the name of the record of a release, or None."""
        end = f"-{identifier}.json"
        return next((name for name in records(self._workflow(workflow)) if name.endswith(end)), None)

    def _read(self, folder: Path, name: str) -> PublishedRelease:
        """Return the release in the record `name` of a workflow's folder."""
        match read_object(path := folder / name):
            case {
                "id": str(identifier),
                "workflow": str(workflow),
                "project": {"version": str(version)},
                "digest": str(digest),
                "size": int(size),
                "fingerprint": str(fingerprint),
                "created_at": str(created_at),
            } if is_digest(digest) and is_digest(fingerprint) and not version_fault(version) and 0 <= size < 2**63:
                # A record that names another workflow or release than its path could lead out of the store.
                if folder.name == workflow and is_record_of(name, version, identifier):
                    url = f"{self._blobs_url}/{digest[:2]}/{digest}"
                    return PublishedRelease(identifier, workflow, digest, fingerprint, url, version, created_at, size)
        raise PublishError(Problem(f"{path} is not a record of a release", code="TBX519"))

    def _create(self) -> None:
        if self._check_format():
            return
        with new_file(self.root / STORE_MARKER, self.root, self.root) as file:
            file.write(json.dumps({"format": FORMAT}).encode() + b"\n")

    def _check_format(self) -> bool:
        """Whether the store exists. Raises PublishError if the folder is something else."""
        marker = self.root / STORE_MARKER
        try:
            used = any(not path.name.startswith(".") for path in self.root.iterdir())
        except FileNotFoundError:
            return False
        except NotADirectoryError:
            used = True
        # Checked after the folder was listed: another process may create the store in between.
        if not marker.exists():
            if used:
                message = f"{self.root} is not a release store, and it is not empty"
                raise PublishError(Problem(message, hint="name a new or an empty folder, or one that holds a store", code="TBX519"))
            return False
        found = read_object(marker).get("format")
        if found != FORMAT:
            raise PublishError(Problem(f"{marker}: format is {found!r}; this version knows {FORMAT}", code="TBX519"))
        return True
