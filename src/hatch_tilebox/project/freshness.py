"""Compares a release with its project as it is now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.compatibility.releases import compare_files
from hatch_tilebox.core.constants import CONFIG_NAME, LOCK_NAME, PYPROJECT_NAME, UV_FILES
from hatch_tilebox.core.errors import ArchiveError, ConfigError, Problem, PublishError, SelectionError
from hatch_tilebox.core.model import ReleaseManifest
from hatch_tilebox.core.short_forms import short_list
from hatch_tilebox.core.vendored import EXTENSION
from hatch_tilebox.discovery.cache import digest
from hatch_tilebox.project.open import open_project
from hatch_tilebox.project.vendor.configuration import generated_pyproject
from hatch_tilebox.project.vendor.local_packages import local_sources
from hatch_tilebox.project.vendor.locked import locked_for
from hatch_tilebox.project.vendor.release import carried
from hatch_tilebox.publish.steps import describe_release

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from hatch_tilebox.core.model import FileEntry, FileSet
    from hatch_tilebox.plugins.destination import Destination
    from hatch_tilebox.project.vendor.local_packages import LocalSources
    from hatch_tilebox.project.workflow_project import WorkflowProject

_CONFIGURING = frozenset({PYPROJECT_NAME, LOCK_NAME, *UV_FILES})
_NAMED = 10
"""Files of a kind that a message names."""


def require_fresh(manifest: ReleaseManifest, name: str, root: Path) -> str:
    """Raise PublishError if the project in `root` is not the one that the archive `name` was built from, file by file.

    A release of another workflow is not compared. Returns a summary. No code of the project runs.
    """
    project = open_project(root, run_code=False)
    if manifest.workflow.slug != project.config.workflow.slug:
        return f"not compared: the project is workflow {project.config.workflow.slug!r}"
    found = differences(manifest, project)
    if found:
        hint = "build it again: hatch-tilebox build, or publish with --build; --stale publishes the archive as it is"
        raise PublishError(Problem(f"{name} was built from other files: {'; '.join(found)}", hint=hint, code="TBX405"))
    return f"{len(manifest.files)} files are those of the project"


def differences(manifest: ReleaseManifest, project: WorkflowProject) -> tuple[str, ...]:
    """Return how the project differs from the one that the release was built from, in words; nothing if it does not.

    Nothing is built: of generated files, what they are made from is compared.
    """
    selected = project.select()
    release = _Generated.of(manifest)
    if project.options.vendor and (vendored := carried(selected)):
        selected, release = vendored.files, _Generated()
    sources = local_sources(selected.root) if project.options.vendor and release.paths else None
    kept = [file for file in manifest.files if file.path not in release.paths]
    changes = compare_files(kept, [file for file in hash_files(selected) if file.path not in release.paths])
    found = [
        _names("changed", [change.path for change in changes if change.old and change.new]),
        _names("new", [change.path for change in changes if change.old is None]),
        _names("vanished", [change.path for change in changes if change.new is None]),
        *(_generated_differences(release, sources) if release.paths else ()),
        "" if manifest.workflow == project.config.workflow else f"changed: [workflow] in {CONFIG_NAME}",
    ]
    return tuple(filter(None, found))


@dataclass(frozen=True)
class _Generated:
    """What a build generated for a release: files, and wheels of local packages with the digests of the packages by name."""

    paths: frozenset[str] = frozenset()
    packages: Mapping[str, str] = field(default_factory=dict)
    wheels: Mapping[str, str] = field(default_factory=dict)
    locked: str = ""
    pyproject: str = ""

    @classmethod
    def of(cls, manifest: ReleaseManifest) -> _Generated:
        match manifest.extensions.get(EXTENSION):
            case {"generated": [*paths], "vendored": [*packages], **others}:
                known: list[Any] = [each for each in packages if isinstance(each, dict)]
                return cls(
                    frozenset(path for path in paths if isinstance(path, str)),
                    {str(each.get("name")): str(each.get("sha256")) for each in known},
                    {str(each.get("name")): str(each.get("wheel")) for each in known},
                    str(others.get("locked", "")),
                    next((file.sha256 for file in manifest.files if file.path == PYPROJECT_NAME), ""),
                )
            case _:
                return cls()


def _generated_differences(release: _Generated, sources: LocalSources | None) -> Iterator[str]:
    if sources is None:
        yield "packages that the build put in as wheels"
        return
    digests = {package.name: package.digest() for package in sources.packages}
    names = digests.keys() | release.packages.keys()
    yield _names("changed packages", sorted(name for name in names if digests.get(name) != release.packages.get(name)))
    if digests.keys() == release.wheels.keys():
        text = generated_pyproject(sources, release.wheels)
        yield "" if hashlib.sha256(text.encode()).hexdigest() == release.pyproject else f"changed: {PYPROJECT_NAME}"
    if release.locked and release.locked != digest(locked_for(sources.lock, sources.name)):
        yield f"changed: {LOCK_NAME}"


def _names(kind: str, paths: list[str]) -> str:
    return f"{kind}: {short_list(paths, _NAMED)}" if paths else ""


def unpublished_reasons(root: Path, destination: Destination) -> tuple[str, ...]:
    """Return why a release of the project in `root` would differ from the latest one at the destination; nothing if it would not.

    Nothing is built. A project that cannot be read, and one whose release cannot be compared, count as different. Raises
    PublishError if the destination cannot be reached.
    """
    try:
        project = open_project(root, run_code=False)
        latest = destination.latest(project.config.workflow.slug)
        if latest is None:
            return ("not published yet",)
        manifest = destination.manifest(latest)
        if manifest is None:
            return (f"{destination.url} cannot return the manifest of {describe_release(latest)}",)
        return differences(manifest, project)
    except ArchiveError as error:
        return (f"the latest release cannot be compared: {error.problems[0].message}",)
    except (ConfigError, SelectionError) as error:
        return (f"cannot be read: {error.problems[0].message}",)


def edited_release(root: Path, built: ReleaseManifest) -> tuple[FileSet, ReleaseManifest] | None:
    """Return the files that a build of the project in `root` would select now, and their manifest with the tasks of `built`.

    None if more was edited since `built` than code and data, or the build generates files. Raises a `TileboxError` if the project
    cannot be built.
    """
    project = open_project(root, run_code=False)
    if project.options.vendor or project.config.workflow != built.workflow:
        return None
    files = project.select()
    entries = hash_files(files)
    if _configuration(entries) != _configuration(built.files):
        return None
    return files, ReleaseManifest.of(built.workflow, built.project, built.tasks, entries, built.environment)


def _configuration(entries: Iterable[FileEntry]) -> dict[str, str]:
    """Return the digests of the files that the environment is made from."""
    return {entry.path: entry.sha256 for entry in entries if entry.path in _CONFIGURING}
