"""Build a release from a project directory: the steps in their order."""

from __future__ import annotations

from functools import partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.archive.source import hash_files, read_small_files
from hatch_tilebox.core.constants import PLUGIN_GROUP
from hatch_tilebox.core.model import ReleaseManifest, release_filename
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.core.short_forms import short_id
from hatch_tilebox.core.small_files import SmallFiles
from hatch_tilebox.core.tables import Column
from hatch_tilebox.discovery.clean_environment import passed_variables
from hatch_tilebox.discovery.discover import discover_tasks
from hatch_tilebox.inputs.limits import default_warnings
from hatch_tilebox.pipeline.packing import pack_release
from hatch_tilebox.selection.release_files import check_selection
from hatch_tilebox.selection.select import select_release

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from hatch_tilebox.core.config import BuildOptions, WorkflowConfig
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.model import Artifact, FileSet, Project, Task
    from hatch_tilebox.core.vendored import Vendored


class Release(NamedTuple):
    """A built release: the archive, its manifest, the files in it, the warnings of the build, and the documents about it."""

    artifact: Artifact
    manifest: ReleaseManifest
    files: FileSet
    warnings: tuple[Problem, ...]
    sbom: Path | None = None
    provenance: Path | None = None


def build_release(
    config: WorkflowConfig,
    project: Project,
    directory: Path,
    options: BuildOptions,
    *,
    progress: Progress | None = None,
    skip: Collection[Path] = (),
    vendor: Callable[[FileSet, Callable[[str], None]], Vendored] | None = None,
    variables: Sequence[str] = (),
    warnings: Sequence[Problem] = (),
    examine: Callable[[FileSet, Sequence[Task]], Sequence[Problem]] | None = None,
) -> Release:
    """Build the release of a workflow project into `directory`, an existing folder.

    `skip` has absolute paths of output folders, which are never part of a release. `vendor` returns the selected files with
    generated ones, and gets a function for the lines that uv prints. The workflow's code gets the environment
    variables in `variables` and in the options (see `passed_variables`), and runs in its own interpreter. The archive is written
    completely or not at all. `warnings` about the project are reported with those of the build, and those that
    `examine` returns about the tasks, which must depend on the selected files only. Raises `TileboxError` for user
    errors.
    """
    progress = progress or Progress()
    found: list[Problem] = []

    def warn(problems: Sequence[Problem]) -> None:
        found.extend(problems)
        for problem in problems:
            progress.warning(problem)

    warn(warnings)
    vendored = _vendored(select_release(config, skip=skip), vendor, progress) if vendor else None
    progress.started("Selecting files")
    contents = SmallFiles()
    files = vendored.files if vendored else select_release(config, skip=skip, contents=contents)
    read_small_files(files, contents)
    checks = check_selection(config, files, options, skip=skip, contents=contents)
    quick_warnings = next(checks)
    entries = hash_files(files, contents)
    progress.finished(f"{len(files.files)} files, {format_size(files.size)}")
    for file in files.files:
        progress.detail(f"{file.path} ({format_size(file.size)})")
    warn([*quick_warnings, *(vendored.warnings if vendored else ())])
    # The search for secrets ends before the project's code runs. Where it need not run, there is time while files are compressed.
    search = map(warn, checks)

    discovery = discover_tasks(
        files,
        entries,
        config.workflow,
        passed=passed_variables((*options.pass_environment, *variables)),
        level="import" if options.runtime == "import" else "worker",
        timeout=options.startup_timeout,
        cache=options.cache,
        progress=progress,
        place=partial(config.location, "workflow.runner" if config.workflow.runner else "workflow.command"),
        before_start=lambda: list(search),
        examine=partial(examine, files) if examine else None,
    )
    warn((*discovery.warnings, *default_warnings(discovery.tasks)))
    progress.table(
        ("Task", "Version", Column("Class", drop=1)),
        [
            (task.name, task.version, f"{task.object or ''}{f'  ({task.trigger})' if task.trigger else ''}")
            for task in discovery.tasks
        ],
    )

    manifest = ReleaseManifest.of(
        config.workflow, project, discovery.tasks, entries, discovery.environment, vendored.extensions() if vendored else {}
    )
    warn(_findings_of_plugins(manifest, files))

    progress.started("Writing the release")
    path = directory / release_filename(project)
    artifact, unchanged = pack_release(manifest, files, path, contents, search, cache=options.cache)
    progress.finished(f"{'unchanged, ' if unchanged else ''}{artifact.path.name}, {format_size(artifact.size)}")
    digest = f"sha256:{artifact.sha256}"
    progress.result("Digest", digest if progress.shows_whole_ids else short_id(digest))
    progress.detail(f"fingerprint {manifest.fingerprint}")
    return Release(artifact, manifest, files, tuple(found))


def _findings_of_plugins(manifest: ReleaseManifest, files: FileSet) -> tuple[Problem, ...]:
    """Return the warnings of the release checks of installed plugins. Raises PluginError with their errors."""
    if not entry_points(group=PLUGIN_GROUP):
        return ()
    from hatch_tilebox.plugins.findings import ReleaseFile
    from hatch_tilebox.plugins.manager import run_release_checks

    return run_release_checks(
        manifest.to_dict(), [ReleaseFile(file.path, file.size, file.mode, file.source) for file in files.files]
    )


def _vendored(files: FileSet, vendor: Callable[[FileSet, Callable[[str], None]], Vendored], progress: Progress) -> Vendored:
    progress.started("Building local packages")
    vendored = vendor(files, progress.output)
    names = ", ".join(f"{package.name} {package.version}" for package in vendored.packages)
    progress.finished(names or "none")
    return vendored
