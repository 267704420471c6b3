"""Verify a release: check its archive, and start its worker and compare the tasks with the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.core.errors import DiscoveryError, Location, Problem, TileboxError
from hatch_tilebox.core.file_names import on_disk
from hatch_tilebox.core.model import FileSet, SelectedFile
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.core.runner_image import pythons_for
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.discovery.clean_environment import passed_variables
from hatch_tilebox.discovery.clean_start import prepare_clean_start
from hatch_tilebox.discovery.discover import discover_tasks
from hatch_tilebox.discovery.run_uv import installed_pythons

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import Artifact, ReleaseManifest
    from hatch_tilebox.discovery.clean_environment import PassedVariables


@dataclass(frozen=True)
class Verification:
    """The result of a verification. `tasks` are the names and versions that the worker registers, empty if it was not started.

    `manifest` and `artifact` are None if the archive is refused.
    """

    manifest: ReleaseManifest | None
    artifact: Artifact | None
    tasks: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]


def verify_release(
    path: Path,
    *,
    run: bool = True,
    offline: bool = False,
    runner: bool = False,
    cold: bool = False,
    timeout: float = 120.0,
    variables: Sequence[str] = (),
    progress: Progress | None = None,
) -> Verification:
    """Check all of the archive `path`. With `run`, unpack it and start its worker as a release runner does.

    The worker gets the environment that a build on this machine has kept for the release's own lock, or else a new one, an empty
    home folder, and `timeout` seconds to start. With `cold`, the environment is always new. `variables` are passed to the worker
    (see `passed_variables`). With `offline`, it starts without network once the environment is installed. With `runner`, it starts
    once on each Python of the official runner image that the release allows and this machine has, each time cold. It runs the
    code in the archive: use `run=False` for a file from a source that you do not trust. All problems are in the result; nothing
    is raised.
    """
    progress = progress or Progress()
    manifest = artifact = None
    tasks: tuple[tuple[str, str], ...] = ()
    problems: list[Problem] = []
    try:
        progress.started("Checking the archive")
        manifest, artifact = check_archive(path)
        progress.finished(f"{len(manifest.files)} files, {format_size(artifact.size)}")
        if not run:
            return Verification(manifest, artifact, (), ())
        with temporary_folder() as folder:
            extract_archive(path, folder / "release")
            passed = passed_variables(variables)
            _report_missing(manifest, passed, progress)
            for python in _runner_pythons(manifest, folder / "release", progress) if runner else ("",):
                discovery = discover_tasks(
                    unpacked_files(manifest, folder / "release"),
                    manifest.files,
                    manifest.workflow,
                    level="worker",
                    timeout=timeout,
                    cache=not (cold or runner),
                    progress=progress,
                    passed=passed,
                    clean=prepare_clean_start(offline=offline, python=python),
                )
                for problem in discovery.warnings:
                    progress.warning(problem)
                tasks = tuple((task.name, task.version) for task in discovery.tasks)
                problems += [problem for problem in _differences(path, manifest, tasks) if problem not in problems]
    except TileboxError as error:
        problems = [*error.problems]
    return Verification(manifest, artifact, tasks, tuple(problems))


def _report_missing(manifest: ReleaseManifest, passed: PassedVariables, progress: Progress) -> None:
    """Warn about variables that the release needs and that its worker does not get.

    They are not passed automatically, because a release must not choose what it reads from the user's environment.
    """
    for name in manifest.environment:
        if name not in passed:
            message = f"the release needs the environment variable {name} from its runner, and it is not passed here"
            progress.warning(Problem(message, f"pass it with --env {name}, or set it with --env {name}=VALUE", code="TBX309"))


def _runner_pythons(manifest: ReleaseManifest, folder: Path, progress: Progress) -> list[str]:
    """Return the Pythons of the official runner image that the release allows, without those that this machine lacks.

    Raises DiscoveryError if none is left.
    """
    pin = folder / ".python-version"
    allowed = pythons_for(manifest.project.requires_python, pin.read_text("utf-8", "replace") if pin.is_file() else None)
    found = list(installed_pythons(allowed, folder))
    missing = [python for python in allowed if python not in found]
    hint = f"install it with: uv python install {' '.join(missing)}"
    if not found:
        about = f"Python {', '.join(missing)} is not on this machine" if missing else "the release allows none of them"
        raise DiscoveryError(
            Problem(f"no Python of the official runner image to start on: {about}", hint if missing else None, code="TBX318")
        )
    if missing:
        progress.warning(Problem(f"not started on Python {', '.join(missing)}, which is not on this machine", hint, code="TBX318"))
    return found


def unpacked_files(manifest: ReleaseManifest, folder: Path) -> FileSet:
    """Return the files of a release that is unpacked in `folder`."""
    return FileSet(
        folder,
        tuple(SelectedFile(file.path, str(folder / on_disk(file.path)), file.size, file.mode == "0755") for file in manifest.files),
    )


def _differences(path: Path, manifest: ReleaseManifest, found: tuple[tuple[str, str], ...]) -> list[Problem]:
    """Return problems about tasks that only the worker or only the manifest has."""
    named = {(task.name, task.version) for task in manifest.tasks}
    missing, surplus = (sorted(" ".join(task) for task in only) for only in (named - {*found}, {*found} - named))
    messages = [f"the manifest has {task}, but the worker does not register it" for task in missing]
    messages += [f"the worker registers {task}, but the manifest does not have it" for task in surplus]
    hint = "the tasks depend on something outside the release, such as the time, an environment variable or the network"
    return [Problem(message, hint, Location(str(path)), code="TBX319") for message in messages]
