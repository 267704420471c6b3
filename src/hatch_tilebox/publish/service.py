"""Publishing and fetching, the same for every destination."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import RELEASE_SUFFIX
from hatch_tilebox.core.errors import ArchiveError, IncompatibleError, Problem, PublishError
from hatch_tilebox.core.files import stream_digest
from hatch_tilebox.core.identifiers import is_digest
from hatch_tilebox.core.model import release_filename
from hatch_tilebox.core.paths import inside
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.plugins.destination import LocalRelease
from hatch_tilebox.publish.files import new_file, private_folder, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.plugins.destination import Destination, PublishedRelease

__all__ = ["Publication", "fetch_release", "open_release", "publish_release", "select_published"]

_MAX_TASK_NAME = 256
_DIGITS = 12
"""Hex digits of a digest that people are shown."""


@dataclass(frozen=True)
class Publication:
    """How a publication went. `release` is None only in a dry run of a release that is not there yet.

    `created` says whether this run made the release, or would make it in a dry run.
    """

    local: LocalRelease
    release: PublishedRelease | None
    created: bool
    url: str
    dry_run: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "id": self.release.id if self.release else None,
            "created": self.created,
            "digest": self.local.artifact.sha256,
            "fingerprint": self.local.manifest.fingerprint,
            "url": self.release.url if self.release else self.url,
            "workflow": self.local.workflow,
            "version": self.local.manifest.project.version,
            "dry_run": self.dry_run,
        }


def open_release(path: Path, progress: Progress | None = None) -> LocalRelease:
    """The release in the archive `path`, read to its end and fit to be published.

    Raises ArchiveError where the archive is not as its format says, PublishError where no service would take it.
    """
    from hatch_tilebox.archive.reader import check_archive

    progress = progress or Progress()
    with _step(progress, "Checking the release") as done:
        manifest, artifact = check_archive(path)
        problems = _check_limits(manifest)
        if problems:
            raise PublishError(*problems)
        done.append(f"{path.name}, {format_size(artifact.size)}, digest {artifact.sha256[:_DIGITS]}")
    return LocalRelease(manifest, artifact)


def publish_release(
    local: LocalRelease,
    destination: Destination,
    *,
    check_compatibility: bool = True,
    allow_breaking: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Publication:
    """Bring a release to a destination, unless it is there. Publishing again, at once or after a crash gives the same release.

    Raises IncompatibleError for a change that breaks jobs of the release before it and has no new major version, unless
    `allow_breaking`; PublishError where the destination refuses, cannot be reached or does not give back what was sent.
    """
    progress = progress or Progress()
    state = "nothing was sent"
    try:
        with _step(progress, "Looking it up") as done:
            there = destination.find(local)
            done.append(f"{destination.url} has it as {there.id}" if there else f"{destination.url} does not have it yet")
        if there:
            return Publication(local, there, created=False, url=destination.url, dry_run=dry_run)
        if check_compatibility:
            _check_compatible(local, destination, allow_breaking=allow_breaking, progress=progress)
        if dry_run:
            return Publication(local, None, created=True, url=destination.url, dry_run=True)
        state = "the archive may have been sent in part; the release is not registered"
        with _step(progress, "Uploading") as done:
            uploaded = destination.upload(local, progress)
            done.append(format_size(local.artifact.size))
        state = "the archive was sent; whether the release was registered is not known"
        with _step(progress, "Registering") as done:
            _, created = destination.register(local, uploaded)
            release = destination.find(local)
            if release is None:
                message = f"{destination.url} took the release, but does not give it back with the same fingerprint and digest"
                raise PublishError(Problem(message, hint="publish again; if it stays so, the destination loses releases"))
            done.append(f"release {release.id}")
    except KeyboardInterrupt:
        progress.warning(Problem(f"interrupted: {state}", hint="publish again to finish: what is there is not sent twice"))
        raise
    return Publication(local, release, created=created, url=destination.url)


def select_published(destination: Destination, workflow: str | None, selector: str | None) -> PublishedRelease:
    """The release that `selector` names, or else the latest of `workflow`.

    A selector is an id, or the beginning (8 digits or more) of a digest or fingerprint, or a project version. Without
    `workflow` the destination must have releases of one workflow only. Raises PublishError, saying what is there.
    """
    releases = destination.releases(workflow)
    if not releases:
        of = f" of workflow {workflow!r}" if workflow else ""
        raise PublishError(Problem(f"{destination.url} has no release{of}", hint="hatch-tilebox releases lists what is there"))
    if selector is not None:
        found = [release for release in releases if _matches(release, selector)]
        if not found:
            known = ", ".join(_label(release) for release in releases[:5])
            raise PublishError(Problem(f"{destination.url} has no release {selector!r}", hint=f"the latest are {known}"))
        releases = found
    slugs = sorted({release.workflow for release in releases})
    if len(slugs) > 1:
        message = f"{destination.url} has releases of several workflows: {', '.join(slugs)}"
        raise PublishError(Problem(message, hint="name one with --workflow"))
    return releases[0]


def fetch_release(
    destination: Destination, release: PublishedRelease, folder: Path, *, progress: Progress | None = None
) -> LocalRelease:
    """Bring a release's archive into `folder`, checked: its digest, its content, its fingerprint.

    It appears whole, as `<name>-<version>.tbrelease`, or not at all. Raises PublishError where it cannot be had or is another
    one, or where another file has its name; ArchiveError where the archive is not as its format says.
    """
    from hatch_tilebox.archive.reader import check_archive
    from hatch_tilebox.core.model import Artifact

    progress = progress or Progress()
    if not is_digest(release.digest):  # it names a file below
        raise PublishError(Problem(f"{release.url} is registered with {release.digest!r}, which is not a digest"))
    with _step(progress, "Fetching") as done, private_folder(folder) as private:  # several may fetch into one folder at once
        incoming = private / f"incoming{RELEASE_SUFFIX}"
        with new_file(incoming, private) as file:
            found, size = hashlib.sha256(), 0
            for chunk in destination.download(release):
                found.update(chunk)
                file.write(chunk)
                size += len(chunk)
                if release.size is not None and size > release.size:
                    raise PublishError(Problem(f"{release.url} gave more than the {release.size} bytes it is registered with"))
                progress.transferred(size, release.size or 0)
            if found.hexdigest() != release.digest:
                message = f"{release.url} gave {size} bytes with digest {found.hexdigest()}, not {release.digest}"
                raise PublishError(Problem(message, hint="fetch again; if it stays so, the archive there is damaged"))
        manifest, artifact = check_archive(incoming)
        if manifest.fingerprint != release.fingerprint:
            raise PublishError(Problem(f"{release.url} is registered with fingerprint {release.fingerprint}, not its own"))
        path = inside(folder, release_filename(manifest.project))
        if not _is_there(path, release.digest):
            _take_name(incoming, path)
        done.append(f"{path.name}, {format_size(artifact.size)}, digest {artifact.sha256[:_DIGITS]}")
    return LocalRelease(manifest, Artifact(path, artifact.sha256, artifact.size))


def _check_limits(manifest: ReleaseManifest) -> list[Problem]:
    """What the Tilebox API would refuse of a good manifest. Source: workflows.proto of the published API."""
    problems = []
    if not manifest.tasks:
        problems.append(Problem("the release has no tasks; at least one is needed", hint="register one and build again"))
    problems += [
        Problem(f"task name {task.name[:40]!r}… is longer than {_MAX_TASK_NAME} bytes")
        for task in manifest.tasks
        if len(task.name.encode()) > _MAX_TASK_NAME
    ]
    return problems


def _check_compatible(local: LocalRelease, destination: Destination, *, allow_breaking: bool, progress: Progress) -> None:
    """Compare with the latest release there. Raises IncompatibleError for breaking changes, or warns if `allow_breaking`."""
    from hatch_tilebox.compatibility.releases import compare_releases

    with _step(progress, "Comparing the tasks") as done:
        previous = destination.latest(local.workflow)
        if previous is None or previous.digest == local.artifact.sha256:
            done.append("nothing was published before")
            return
        manifest = _manifest(destination, previous)
        if manifest is None:
            done.append(f"{destination.url} gives no manifest to compare with")
            return
        changes = [change for change in compare_releases(manifest, local.manifest).tasks if change.kind == "breaking"]
        # A task that is gone or has a new major version is announced; the others break jobs behind their authors' backs.
        unsaid = tuple(
            Problem(
                f"task {change.name!r} breaks jobs of {_label(previous)}: {'; '.join(change.reasons)}",
                hint=f"give it version {change.needs}, or let it through with --allow-breaking",
            )
            for change in changes
            if change.needs
        )
        if unsaid and not allow_breaking:
            raise IncompatibleError(*unsaid)
        done.append(f"compared with {_label(previous)}")
    for change in changes:
        if not change.needs:
            progress.warning(Problem(f"task {change.name!r} leaves jobs of {_label(previous)} behind: {'; '.join(change.reasons)}"))
    for problem in unsaid:
        progress.warning(problem)


def _manifest(destination: Destination, release: PublishedRelease) -> ReleaseManifest | None:
    try:
        return destination.manifest(release)
    except ArchiveError as error:
        message = f"the latest release, {_label(release)}, cannot be compared with"
        hint = "publish that release again from its archive, or pass --no-check-compatibility"
        raise PublishError(Problem(message, hint=hint, details=str(error))) from error


def _matches(release: PublishedRelease, selector: str) -> bool:
    if selector in {release.id, release.version}:
        return True
    start = selector.lower().removeprefix("sha256:")
    return len(start) >= 8 and (release.digest.startswith(start) or release.fingerprint.startswith(start))  # noqa: PLR2004 -- see select_published


def _label(release: PublishedRelease) -> str:
    return f"{release.version} ({release.id})" if release.version else release.id


def _is_there(path: Path, digest: str) -> bool:
    """Whether the archive is there already. Raises PublishError where another file has its name."""
    if not os.path.lexists(path):
        return False
    with reading(path) as file:
        found = stream_digest(file)
    if found != digest:
        raise PublishError(Problem(f"{path} is another build; it is left as it is", hint="name another folder with --to"))
    return True


def _take_name(incoming: Path, path: Path) -> None:
    try:
        incoming.replace(path)
    except OSError as error:
        raise PublishError(Problem(f"{path} cannot be written: {error.strerror}")) from error


@contextmanager
def _step(progress: Progress, name: str) -> Iterator[list[str]]:
    """A step of the progress; the block leaves its summary in the list that it gets."""
    progress.started(name)
    began, done = perf_counter(), [""]
    yield done
    progress.finished(done[-1], seconds=perf_counter() - began)
