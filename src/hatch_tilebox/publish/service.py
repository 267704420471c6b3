"""Publishes a release: the same steps for every destination."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.compatibility.releases import compare_releases
from hatch_tilebox.core.errors import ArchiveError, IncompatibleError, Problem, PublishError
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.core.short_forms import short_id
from hatch_tilebox.plugins.destination import LocalRelease
from hatch_tilebox.publish.attachments import attach_documents
from hatch_tilebox.publish.steps import DIGITS, StepLog, describe_release, show_step

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.plugins.destination import Destination, PublishedRelease

_MAX_TASK_NAME = 256


@dataclass(frozen=True)
class Publication:
    """The result of a publication. `release` is None only in a dry run of a release that is not published yet.

    `created` is whether this run created the release, or would create it in a dry run; None if the destination does not report it.
    """

    local: LocalRelease
    release: PublishedRelease | None
    created: bool | None
    url: str
    dry_run: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "id": self.release.id if self.release else None,
            "created": self.created,
            "digest": self.local.artifact.sha256,
            "fingerprint": self.local.manifest.fingerprint,
            "url": self.release.url if self.release else self.url,
            "workflow": self.local.workflow,
            "version": self.local.manifest.project.version,
            "tasks": [{"name": task.name, "version": task.version} for task in self.local.manifest.tasks],
            "dry_run": self.dry_run,
        }


def _shown(identifier: str, progress: Progress) -> str:
    return identifier if progress.shows_whole_ids else short_id(identifier)


def open_release(path: Path, progress: Progress | None = None) -> LocalRelease:
    """Read and check the archive `path`.

    Raises ArchiveError if it does not conform to its format, PublishError if the Tilebox API would not accept the release.
    """
    progress = progress or Progress()
    with show_step(progress, "Checking the release") as done:
        manifest, artifact = check_archive(path)
        problems = _check_limits(manifest)
        if problems:
            raise PublishError(*problems)
        done.append(f"{path.name}, {format_size(artifact.size)}, digest {artifact.sha256[:DIGITS]}")
    return LocalRelease(manifest, artifact)


def publish_release(
    local: LocalRelease,
    destination: Destination,
    *,
    check_compatibility: bool = True,
    allow_breaking: bool = False,
    unique_versions: bool = False,
    allow_same_version: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    log: StepLog | None = None,
) -> Publication:
    """Publish a release, unless the destination has it. Publishing again, concurrently or after a crash returns the same release.

    Raises IncompatibleError if a change breaks jobs of the latest release without a new major version, unless `allow_breaking`;
    PublishError if the destination refuses the release, cannot be reached, or does not return the release that was sent. Another
    release with the same version is a warning, or an error with `unique_versions` and at destinations that require them, unless
    `allow_same_version`. `log` records the steps.
    """
    progress, log = progress or Progress(), log or StepLog()
    state = "nothing was sent"
    try:
        with log.step("look-up") as result, show_step(progress, "Looking it up") as done:
            there = destination.find(local)
            absent = "does not have it yet" if destination.finds_content else "may have it already"
            done.append(f"{destination.url} has it as {_shown(there.id, progress)}" if there else f"{destination.url} {absent}")
            result.append(f"{destination.url} has it as {there.id}" if there else done[0])
        if there:
            for name in ("compare-version", "compare-tasks", "upload", "register"):
                log.skip(name, "the destination has the release")
            if not dry_run:
                _attach(local, there, destination, progress, log)
            return Publication(local, there, created=False, url=destination.url, dry_run=dry_run)
        with log.step("compare-version") as result:
            strict = unique_versions or destination.unique_versions
            result.append(_check_version(local, destination, strict=strict, allow=allow_same_version, progress=progress))
        if check_compatibility:
            with log.step("compare-tasks") as result:
                result.append(_check_compatible(local, destination, allow_breaking=allow_breaking, progress=progress))
        else:
            log.skip("compare-tasks", "check-compatibility is false")
        if dry_run:
            for name in ("upload", "register"):
                log.skip(name, "dry run")
            created = True if destination.finds_content else None
            return Publication(local, None, created=created, url=destination.url, dry_run=True)
        state = "the archive may have been sent in part; the release is not registered"
        with log.step("upload") as result, show_step(progress, "Uploading") as done:
            uploaded = destination.upload(local, progress)
            done.append(format_size(local.artifact.size))
            result.append(done[-1])
        state = "the archive was sent; whether the release was registered is not known"
        with log.step("register") as result, show_step(progress, "Registering") as done:
            _, created = destination.register(local, uploaded)
            release = destination.find(local)
            if release is None:
                message = f"{destination.url} accepted the release, but does not list it with the same fingerprint and digest"
                raise PublishError(Problem(message, hint="publish again; if it happens again, the destination loses releases"))
            done.append(f"release {release.id}")
            result.append(done[-1])
    except KeyboardInterrupt:
        progress.warning(Problem(f"interrupted: {state}", hint="publish again to finish: nothing is sent twice", code="TBX518"))
        raise
    _attach(local, release, destination, progress, log)
    return Publication(local, release, created=created, url=destination.url)


def _attach(local: LocalRelease, published: PublishedRelease, destination: Destination, progress: Progress, log: StepLog) -> None:
    """Publish the documents beside the archive, if there are any."""
    for summary in attach_documents(local, published, destination, progress):
        progress.result("Attached", summary)
        with log.step("attach") as result:
            result.append(summary)


def _check_limits(manifest: ReleaseManifest) -> list[Problem]:
    """Return limits of the Tilebox API that a valid manifest exceeds. Source: workflows.proto of the published API."""
    problems = []
    if not manifest.tasks:
        problems.append(
            Problem("the release has no tasks; at least one is needed", hint="register one and build again", code="TBX305")
        )
    problems += [
        Problem(f"task name {task.name[:40]!r}… is longer than {_MAX_TASK_NAME} bytes", code="TBX306")
        for task in manifest.tasks
        if len(task.name.encode()) > _MAX_TASK_NAME
    ]
    return problems


def _check_version(local: LocalRelease, destination: Destination, *, strict: bool, allow: bool, progress: Progress) -> str:
    """Look for another release with the version of this one. Raises PublishError if `strict`, and else warns, unless `allow`.

    Returns a summary.
    """
    version = local.manifest.project.version
    if allow:
        return f"version {version} may exist: --allow-same-version"
    digests = {local.artifact.sha256, ""}
    others = [each for each in destination.with_version(local.workflow, version) if each.digest not in digests]
    if not others:
        return f"version {version} is new"
    of = f"release {others[0].id}" + (f" of {others[0].created_at}" if others[0].created_at else "")
    message = f"{destination.url} already has version {version} with other content: {of}"
    if strict:
        hint = "give this release a version of its own: uv version --bump patch; or publish it with --allow-same-version"
        raise PublishError(Problem(message, hint=hint, code="TBX512"))
    progress.warning(Problem(message, hint="uv version --bump patch gives the next one a version of its own", code="TBX512"))
    return message


def _check_compatible(local: LocalRelease, destination: Destination, *, allow_breaking: bool, progress: Progress) -> str:
    """Compare with the latest published release, and return a summary.

    Raises IncompatibleError for breaking changes, or warns if `allow_breaking`.
    """
    with show_step(progress, "Comparing the tasks") as done:
        previous = destination.latest(local.workflow)
        if previous is None or previous.digest == local.artifact.sha256:
            done.append("nothing was published before")
            return done[-1]
        manifest = _manifest(destination, previous)
        if manifest is None:
            done.append(f"{destination.url} cannot return the manifest of the latest release")
            return done[-1]
        changes = [change for change in compare_releases(manifest, local.manifest).tasks if change.kind == "breaking"]
        # A removed task and a new major version are intended; other breaking changes may be mistakes.
        undeclared = tuple(
            Problem(
                f"task {change.name!r} breaks jobs of {describe_release(previous)}: {'; '.join(change.reasons)}",
                hint=f"give it version {change.needs}, or publish with --allow-breaking",
                code="TBX510",
            )
            for change in changes
            if change.needs
        )
        if undeclared and not allow_breaking:
            raise IncompatibleError(*undeclared)
        done.append(f"compared with {describe_release(previous)}")
    for change in changes:
        if not change.needs:
            progress.warning(
                Problem(
                    f"task {change.name!r} no longer runs jobs of {describe_release(previous)}: {'; '.join(change.reasons)}",
                    code="TBX517",
                )
            )
    for problem in undeclared:
        progress.warning(problem)
    return done[-1]


def _manifest(destination: Destination, release: PublishedRelease) -> ReleaseManifest | None:
    try:
        return destination.manifest(release)
    except ArchiveError as error:
        message = f"the latest release, {describe_release(release)}, cannot be compared with"
        hint = "publish that release again from its archive, or pass --no-check-compatibility"
        raise PublishError(Problem(message, hint=hint, details=str(error))) from error
