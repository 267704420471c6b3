"""From hatchling's objects to one call of the pipeline, for every surface that builds."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import REPOSITORY_EXCLUDE, SDIST_RECORD, SKIP_VARIABLE
from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.frontends.text_progress import TextProgress
from hatch_tilebox.project.workflow_project import HOOK_TABLE, WorkflowProject, hatchlings_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hatchling.bridge.app import Application
    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.pipeline.build import Release


class HatchlingProject:
    """The project that hatchling builds. Whatever its user can fix ends the build with a message and no traceback.

    `table` holds our options as `pyproject.toml` has them in the table named `where`; `directory` is where the frontend wants its
    files.
    """

    def __init__(
        self, root: str, metadata: ProjectMetadata[Any], table: Mapping[str, Any], where: str, directory: str, app: Application
    ) -> None:
        self._app = app
        self._progress = TextProgress(app)
        with self._mistakes_end_the_build():
            self.project = WorkflowProject(Path(root), lambda: hatchlings_project(metadata), table, where)
        self.options = self.project.options
        self._directory = Path(directory)
        self._files: FileSet | None = None

    def build(self) -> Release:
        """Build the release."""
        with self._mistakes_end_the_build():
            release = self.project.build(self._directory, self._progress)
        if (folder := release.artifact.path.parent) == self._directory.resolve() and (dropper := _drops_releases(folder)):
            self._progress.note(
                f"{folder} is a temporary folder: {dropper} takes the wheel out of it and drops the rest. The option output-dir "
                "keeps the release."
            )
        return release

    def select(self) -> FileSet:
        """The files of the release, without building it."""
        if self._files is None:
            with self._mistakes_end_the_build():
                self._files = self.project.select(self._directory)
        return self._files

    def sdist_files(self) -> dict[str, str]:
        """What an sdist needs for the wheel that is built from it to have this release: source to path in the sdist."""
        files = self.select()
        inside = self.project.config.root.relative_to(self.project.root)
        needed = [(file.on_disk, file.path) for file in files.files]
        others = [name for name in (*files.ignore_files, "uv.lock") if name != REPOSITORY_EXCLUDE]
        needed += [(str(files.root / name), name) for name in others if (files.root / name).is_file()]
        found = {source: (inside / name).as_posix() for source, name in needed}
        return {**found, str(self.project.config.path): Path(self.options.config).as_posix()}

    def refuse_replaced(self, foreign: Mapping[str, Path | None]) -> None:
        """End the build where an sdist has other content than the project in the place of a file of the release.

        `foreign` gives what fills a path of the sdist, None where that is generated.
        """
        released = {os.path.relpath(self.project.config.root / file.path, self.project.root): file for file in self.select().files}
        replaced = [
            Problem(
                f"the sdist has another file as {path}: the release of a wheel built from it would not be this one",
                "take it out of force-include or support-legacy of [tool.hatch.build.targets.sdist], or out of the release",
            )
            for path, origin in foreign.items()
            if (file := released.get(os.path.normpath(path)))
            and (origin is None or origin.read_bytes() != file.source.read_bytes())
        ]
        if replaced:
            with self._mistakes_end_the_build():
                raise ConfigError(*replaced)

    def sdist_record(self, held: Iterable[str]) -> tuple[str, bytes] | None:
        """Path and content of the file that an sdist with the paths `held` needs besides; None where it needs none.

        It names what is held and is not the release's.
        """
        from hatch_tilebox.selection.sdist_record import SdistRecord, record_of

        config, inside = self.project.config, self.project.config.root.relative_to(self.project.root).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        below = (path.removeprefix(prefix) for path in held if path.startswith(prefix))
        with self._mistakes_end_the_build():
            record = record_of(self.select(), config.include, config.exclude, below)
        return (prefix + SDIST_RECORD, record.to_json()) if record != SdistRecord() else None

    @contextmanager
    def _mistakes_end_the_build(self) -> Iterator[None]:
        from hatch_tilebox.core.signals import cleans_up_when_terminated

        try:
            with cleans_up_when_terminated(with_parent=True):
                yield
        except TileboxError as error:
            self._app.abort(self._progress.error(error), code=error.exit_code)


def reads_skip(root: str, table: Mapping[str, Any], where: str, app: Application) -> bool:
    """What the option `skip` says, read alone. A value that it cannot have ends the build."""
    from hatch_tilebox.project.build_options import load_options

    table = {"skip": table["skip"]} if "skip" in table else {}
    environ = {name: value for name, value in os.environ.items() if name == SKIP_VARIABLE}
    try:
        return load_options(table, where=where, environ=environ, project=Path(root)).skip
    except ConfigError as error:
        app.abort(TextProgress(app).error(error), code=error.exit_code)
        raise  # unreachable: abort ends the process


def select_quietly(root: str, metadata: ProjectMetadata[Any], table: Mapping[str, Any], directory: str) -> FileSet | None:
    """The files of the release, None where there is no workflow or something is wrong with it."""
    try:
        return WorkflowProject(Path(root), lambda: hatchlings_project(metadata), table, HOOK_TABLE).select(Path(directory))
    except TileboxError:
        return None


def _drops_releases(folder: Path) -> str | None:
    """The frontend that builds into `folder` and keeps nothing but the wheel, if there is one."""
    if "PIP_BUILD_TRACKER" in os.environ:
        return "pip"
    if folder.name == "work" and (folder.parent / "control" / "input.json").is_file():
        return "hatch, with another backend than its own,"
    return None
