"""What the build hook and the build target do in a build that hatchling has started."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import REPOSITORY_EXCLUDE, SDIST_RECORD
from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.core.paths import shortest_path
from hatch_tilebox.core.signals import cleans_up_when_terminated
from hatch_tilebox.frontends.text_progress import TextProgress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hatchling.bridge.app import Application

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.pipeline.build import Release
    from hatch_tilebox.project.workflow_project import WorkflowProject


@contextmanager
def ends_build_on_errors(app: Application) -> Iterator[TextProgress]:
    """Give the progress of a build. User errors in the block end the build with a message and without a traceback."""
    progress = TextProgress(app)
    try:
        with cleans_up_when_terminated(with_parent=True):
            yield progress
    except TileboxError as error:
        progress.abort(error)


def build(project: WorkflowProject, directory: Path, progress: TextProgress) -> Release:
    """Build the release of a project into `directory`, the output folder of hatchling. Raises TileboxError for user errors."""
    frontend = frontend_of(project.root)
    if not frontend:
        return project.build(directory, progress, frontend=None)
    # The process ends after this build. Searches for garbage, also the last one, look at all objects and free next to nothing.
    gc.disable()
    try:
        return project.build(directory, progress, frontend=frontend)
    finally:
        gc.freeze()
        gc.enable()


def show_path(release: Release, directory: str, progress: TextProgress) -> None:
    """Show where the release is, or which frontend deletes it. `directory` is the output folder of that frontend."""
    path = release.artifact.path
    if path.parent == Path(directory).resolve() and (dropper := _drops_releases(path.parent)):
        progress.note(
            f"{path.parent} is a temporary folder: {dropper} takes the wheel out of it and deletes the rest. The option "
            "output-dir keeps the release."
        )
    else:
        progress.result("Release", shortest_path(path))


def sdist_files(project: WorkflowProject, files: FileSet) -> dict[str, str]:
    """Return the files an sdist must contain so that a wheel built from it has this release: source to path in the sdist.

    `files` are those of the release.
    """
    inside = project.config.root.relative_to(project.root)
    needed = [(file.on_disk, file.path) for file in files.files]
    others = [name for name in (*files.ignore_files, "uv.lock") if name != REPOSITORY_EXCLUDE]
    needed += [(str(files.root / name), name) for name in others if (files.root / name).is_file()]
    needed += project.carried_files(files).items()
    found = {source: (inside / name).as_posix() for source, name in needed}
    return {**found, str(project.config.path): Path(project.options.config).as_posix()}


def refuse_replaced(project: WorkflowProject, files: FileSet, foreign: Mapping[str, Path | None]) -> None:
    """Raise ConfigError if an sdist has other content than the project at the path of a file of the release.

    `foreign` maps paths of the sdist to the files they are copied from, None for generated ones.
    """
    released = {os.path.relpath(project.config.root / file.path, project.root): file for file in files.files}
    replaced = [
        Problem(
            f"the sdist has another file as {path}: the release of a wheel built from it would not be this one",
            "take it out of force-include or support-legacy of [tool.hatch.build.targets.sdist], or out of the release",
            code="TBX118",
        )
        for path, origin in foreign.items()
        if (file := released.get(os.path.normpath(path))) and (origin is None or origin.read_bytes() != file.source.read_bytes())
    ]
    if replaced:
        raise ConfigError(*replaced)


def sdist_record(project: WorkflowProject, files: FileSet, held: Iterable[str]) -> tuple[str, bytes] | None:
    """Return path and content of the record that an sdist with the paths `held` needs, None if it needs none.

    It names the files that are not the release's.
    """
    from hatch_tilebox.selection.sdist_record import SdistRecord, record_of

    config, inside = project.config, project.config.root.relative_to(project.root).as_posix()
    prefix = "" if inside == "." else f"{inside}/"
    below = (path.removeprefix(prefix) for path in held if path.startswith(prefix))
    record = record_of(files, config.include, config.exclude, below)
    if project.options.provenance:
        record = record._replace(source=project.source_commit(files))
    return (prefix + SDIST_RECORD, record.to_json()) if record != SdistRecord() else None


def frontend_of(root: Path) -> str | None:
    """Return the name of the build frontend that has started this process to build the project in `root`; None if it is unknown.

    Each frontend is known by what it does for this one process. Variables that a process inherits from a frontend far above it do
    not count. `pyproject-hooks` is the library of `python -m build`, which other frontends use too.
    """
    script = Path(*sys.argv[:1])
    hooks = script.name == "_in_process.py"
    if script.name == "-c" and (folder := os.environ.get("UV_INTERNAL__BUILD_DIR")) and Path(folder).resolve() == root.resolve():
        return "uv"
    if hooks and {"pip", "_vendor"} <= {*script.parts}:
        return "pip"
    if os.environ.get("HATCH_ENV_ACTIVE") == "hatch-build" and not hooks:  # the environment in which hatch builds
        return "hatch"
    if hooks and "pyproject_hooks" in script.parts:
        return "pyproject-hooks"
    if script.stem == "hatchling" or script.parts[-2:] == ("hatchling", "__main__.py"):
        return "hatchling"
    return None


def _drops_releases(folder: Path) -> str | None:
    """Return the frontend that builds into `folder` and keeps only the wheel, if it is one of these."""
    # Programs that pip starts have its variable too, so the name that pip gives to its folders counts as well.
    if "PIP_BUILD_TRACKER" in os.environ and folder.name.startswith("pip-"):
        return "pip"
    if folder.name == "work" and (folder.parent / "control" / "input.json").is_file():
        return "hatch, with another backend than its own,"
    return None
