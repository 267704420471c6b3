"""A release is proven: its file is whole, and its worker starts from it with the tasks that it names."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.core.errors import Location, Problem, TileboxError
from hatch_tilebox.core.file_names import on_disk
from hatch_tilebox.core.model import FileSet, SelectedFile
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.discovery.clean_environment import passed_variables
from hatch_tilebox.discovery.discover import discover_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import Artifact, ReleaseManifest
    from hatch_tilebox.discovery.clean_environment import PassedVariables

__all__ = ["Verification", "unpacked_files", "verify_release"]


@dataclass(frozen=True)
class Verification:
    """What verifying found out. `tasks` are name and version of what the worker registers; empty where it was not started.

    `manifest` and `artifact` are None where the file is refused.
    """

    manifest: ReleaseManifest | None
    artifact: Artifact | None
    tasks: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify_release(
    path: Path,
    *,
    run: bool = True,
    timeout: float = 120.0,
    variables: Sequence[str] = (),
    progress: Progress | None = None,
) -> Verification:
    """Check the archive `path` from end to end; with `run`, unpack it and start its worker as a release runner does.

    The worker gets an environment made anew from the release's own lock, and `timeout` seconds to start; `variables` are let
    through to it (see `passed_variables`). It runs the code in the archive: leave `run` off for a file from somebody you do not
    trust. Whatever is wrong is in the result; nothing is raised for it.
    """
    progress = progress or Progress()
    manifest = artifact = None
    tasks: tuple[tuple[str, str], ...] = ()
    try:
        progress.started("Checking the archive")
        began = perf_counter()
        manifest, artifact = check_archive(path)
        progress.finished(f"{len(manifest.files)} files, {format_size(artifact.size)}", seconds=perf_counter() - began)
        if not run:
            return Verification(manifest, artifact, (), ())
        with temporary_folder() as folder:
            extract_archive(path, folder / "release")
            unpacked = unpacked_files(manifest, folder / "release")
            passed = passed_variables(variables)
            _report_missing(manifest, passed, progress)
            tasks = _registered_tasks(unpacked, manifest, timeout, passed, progress)
    except TileboxError as error:
        return Verification(manifest, artifact, tasks, error.problems)
    return Verification(manifest, artifact, tasks, _differences(path, manifest, tasks))


def _report_missing(manifest: ReleaseManifest, passed: PassedVariables, progress: Progress) -> None:
    """Warn of variables that the release needs from its runner and that its worker does not get here.

    They are not passed by themselves: a release from elsewhere does not choose what it sees of the user's environment.
    """
    for name in manifest.environment:
        if name not in passed:
            message = f"the release needs the environment variable {name} from its runner, and it is not let through here"
            progress.warning(Problem(message, f"let it through with --env {name}, or set it there with --env {name}=VALUE"))


def unpacked_files(manifest: ReleaseManifest, folder: Path) -> FileSet:
    """The files of a release that has been unpacked into `folder`."""
    return FileSet(
        folder,
        tuple(SelectedFile(file.path, str(folder / on_disk(file.path)), file.size, file.mode == "0755") for file in manifest.files),
    )


def _registered_tasks(
    files: FileSet, manifest: ReleaseManifest, timeout: float, passed: PassedVariables, progress: Progress
) -> tuple[tuple[str, str], ...]:
    discovery = discover_tasks(
        files, manifest.files, manifest.workflow, level="worker", timeout=timeout, cache=False, progress=progress, passed=passed
    )
    for problem in discovery.warnings:
        progress.warning(problem)
    return tuple((task.name, task.version) for task in discovery.tasks)


def _differences(path: Path, manifest: ReleaseManifest, found: tuple[tuple[str, str], ...]) -> tuple[Problem, ...]:
    """Where the worker and the manifest disagree about the tasks."""
    named = {(task.name, task.version) for task in manifest.tasks}
    where = Location(str(path))
    hint = "the task list depends on something outside the release, such as the time, an environment variable or the network"
    missing = [f"{name} {version}" for name, version in sorted(named - set(found))]
    surplus = [f"{name} {version}" for name, version in sorted(set(found) - named)]
    problems = [Problem(f"the manifest names {task}, but the worker does not register it", hint, where) for task in missing]
    problems += [Problem(f"the worker registers {task}, but the manifest does not name it", hint, where) for task in surplus]
    return tuple(problems)
