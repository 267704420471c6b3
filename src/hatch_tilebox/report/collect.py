"""Everything that a report shows, read from archives and from the result of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.archive.reader import read_manifest
from hatch_tilebox.compatibility.archives import Difference, compare_archives, read_contents
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.report.graph import Graph, build_graph
from hatch_tilebox.report.job_file import JobFile, read_job
from hatch_tilebox.report.sizes import Piece, file_pieces, package_pieces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.core.model import ReleaseManifest


@dataclass(frozen=True)
class Release:
    """A release. `file` is the path of its archive as the user wrote it, `packages` None without a readable lock file."""

    file: str
    manifest: ReleaseManifest
    digest: str
    size: int
    files: tuple[Piece, ...]
    packages: tuple[Piece, ...] | None


@dataclass(frozen=True)
class Report:
    """A report about a release, a run, or both. With `difference` it is about the changes from `old` to `release`."""

    graph: Graph
    release: Release | None = None
    old: Release | None = None
    difference: Difference | None = None
    job: JobFile | None = None

    @property
    def title(self) -> str:
        """What the report is about, in a few words."""
        if self.release is None:
            return f"Run of {self.job.tasks[0].display}" if self.job and self.job.tasks else "Run"
        project = self.release.manifest.project
        if self.old is None:
            return f"{project.name} {project.version}"
        before = self.old.manifest.project
        after = project.version if project.name == before.name else f"{project.name} {project.version}"
        return f"{before.name} {before.version} → {after}"


def collect_report(
    release: Path | None, *, old: Path | None = None, job: Path | None = None, progress: Progress | None = None
) -> Report:
    """Return the report about the archive `release`, its changes since `old`, and the run in the file `job`.

    The archives are checked completely. Raises ArchiveError, and RunError if that file is not the result of a run.
    """
    progress = progress or Progress()
    run = read_job(job) if job else None
    if release is None:
        return Report(build_graph((), {}, run), job=run)
    difference = compare_archives(old, release, texts=True, progress=progress) if old else None
    for problem in difference.warnings if difference else ():
        progress.warning(problem)
    progress.started("Reading the release")
    shown, sources = _read(release)
    before = _read(old)[0] if old else None
    progress.finished(f"{len(shown.manifest.files)} files")
    changes = difference.comparison.tasks if difference else ()
    return Report(build_graph(shown.manifest.tasks, sources, run, changes), shown, before, difference, run)


def _read(path: Path) -> tuple[Release, Mapping[str, bytes]]:
    """Return the release in an archive, and the source files of its tasks. The whole archive is checked."""
    sources = {task.source.path for task in read_manifest(path).tasks if task.source}
    archive, contents = read_contents(path, {LOCK_NAME, *sources})
    manifest = archive.manifest
    packages = package_pieces(contents[LOCK_NAME], manifest.project.requires_python) if LOCK_NAME in contents else None
    return Release(str(path), manifest, archive.sha256, archive.size, file_pieces(manifest), packages), contents
