"""Selects published releases, and downloads their archives."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.core.constants import RELEASE_SUFFIX
from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.files import stream_digest
from hatch_tilebox.core.identifiers import is_digest
from hatch_tilebox.core.model import Artifact, release_filename
from hatch_tilebox.core.paths import inside
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.core.short_forms import is_start_of
from hatch_tilebox.plugins.destination import LocalRelease
from hatch_tilebox.publish.files import new_file, private_folder, reading
from hatch_tilebox.publish.steps import DIGITS, describe_release, show_step

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.plugins.destination import Destination, PublishedRelease

_SHOWN = 5
"""Releases that a message names."""


def select_published(destination: Destination, workflow: str | None, selector: str | None) -> PublishedRelease:
    """Return the release that `selector` names, or else the latest one of `workflow`.

    A selector is a version of the project, or else the beginning (8 characters or more) of an id, digest or fingerprint. Without
    `workflow`, the destination must have releases of one workflow only. Raises PublishError if no release, or more than one,
    matches, with a list of releases.
    """
    if workflow and selector is None:
        latest = destination.latest(workflow)
        releases = [latest] if latest else []
    else:
        by_version = destination.with_version(workflow, selector) if workflow and selector else []
        releases = by_version or destination.releases(workflow)
    if not releases:
        of = f" of workflow {workflow!r}" if workflow else ""
        raise PublishError(
            Problem(f"{destination.url} has no release{of}", hint="hatch-tilebox releases lists what is there", code="TBX503")
        )
    if selector is not None:
        found = [release for release in releases if _matches(release, selector)]
        if not found:
            known = ", ".join(describe_release(release) for release in releases[:_SHOWN])
            raise PublishError(
                Problem(f"{destination.url} has no release {selector!r}", hint=f"the latest are {known}", code="TBX503")
            )
        releases = found
    slugs = sorted({release.workflow for release in releases})
    if len(slugs) > 1:
        message = f"{destination.url} has releases of several workflows: {', '.join(slugs)}"
        raise PublishError(Problem(message, hint="name one with --workflow", code="TBX504"))
    if selector is not None and len(releases) > 1 and selector != releases[0].id:
        shown = "\n".join(f"  {release.id}  {release.created_at or ''}".rstrip() for release in releases[:_SHOWN])
        message = f"{selector!r} is ambiguous: {len(releases)} releases at {destination.url} match"
        raise PublishError(Problem(message, hint=f"name one by its id:\n{shown}", code="TBX504"))
    return releases[0]


def fetch_release(
    destination: Destination, release: PublishedRelease, folder: Path, *, progress: Progress | None = None
) -> LocalRelease:
    """Download the archive of a release into `folder`, and check its digest, its content and its fingerprint.

    It appears complete, as `<name>-<version>.tbrelease`, or not at all. Raises PublishError if the download fails or is another
    archive, or another file has its name; ArchiveError if the archive does not conform to its format.
    """
    progress = progress or Progress()
    if not is_digest(release.digest):
        raise PublishError(Problem(f"{release.url} is registered with {release.digest!r}, which is not a digest", code="TBX513"))
    with show_step(progress, "Fetching") as done, private_folder(folder) as private:  # several may fetch into one folder at once
        incoming = private / f"incoming{RELEASE_SUFFIX}"
        with new_file(incoming, private) as file:
            found, size = hashlib.sha256(), 0
            for chunk in destination.download(release):
                found.update(chunk)
                file.write(chunk)
                size += len(chunk)
                if release.size is not None and size > release.size:
                    raise PublishError(
                        Problem(f"{release.url} sent more than the {release.size} bytes it is registered with", code="TBX513")
                    )
                progress.transferred(size, release.size or 0)
            if found.hexdigest() != release.digest:
                message = f"{release.url} sent {size} bytes with digest {found.hexdigest()}, not {release.digest}"
                raise PublishError(
                    Problem(message, hint="fetch again; if it happens again, the published archive is damaged", code="TBX513")
                )
        manifest, artifact = check_archive(incoming)
        if manifest.fingerprint != release.fingerprint:
            raise PublishError(
                Problem(f"{release.url} is registered with fingerprint {release.fingerprint}, not its own", code="TBX513")
            )
        path = inside(folder, release_filename(manifest.project))
        if not _is_there(path, release.digest):
            _take_name(incoming, path)
        done.append(f"{path.name}, {format_size(artifact.size)}, digest {artifact.sha256[:DIGITS]}")
    return LocalRelease(manifest, Artifact(path, artifact.sha256, artifact.size))


def _matches(release: PublishedRelease, selector: str) -> bool:
    if selector in {release.id, release.version}:
        return True
    return any(is_start_of(selector, known) for known in (release.id, release.digest, release.fingerprint))


def _is_there(path: Path, digest: str) -> bool:
    """Whether the folder has the archive already. Raises PublishError if another file has its name."""
    if not os.path.lexists(path):
        return False
    with reading(path) as file:
        found = stream_digest(file)
    if found != digest:
        raise PublishError(
            Problem(f"{path} is another build; it is not changed", hint="name another folder with --to", code="TBX516")
        )
    return True


def _take_name(incoming: Path, path: Path) -> None:
    try:
        incoming.replace(path)
    except OSError as error:
        raise PublishError(Problem(f"{path} cannot be written: {error.strerror}", code="TBX516")) from error
