"""The project of a build that hatchling has started, for the build hook and the build target."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import REPOSITORY_EXCLUDE, SDIST_RECORD, SKIP_VARIABLE
from hatch_tilebox.core.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.core.paths import shortest_path
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.frontends.caller import frontend_of
from hatch_tilebox.frontends.text_progress import TextProgress
from hatch_tilebox.project.build_options import HOOK_TABLE, load_options
from hatch_tilebox.project.open import open_project

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hatchling.bridge.app import Application

    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.pipeline.build import Release
    from hatch_tilebox.project.open import HatchlingBuild


class HatchlingProject:
    """The project of a build that hatchling has started. User errors end the build with a message and without a traceback.

    `directory` is the output folder of the frontend.
    """

    def __init__(self, root: str, build: HatchlingBuild, directory: str, app: Application) -> None:
        self._app = app
        self._progress = TextProgress(app)
        with self._ends_build_on_errors():
            self.project = open_project(Path(root), build=build)
        self.options = self.project.options
        self._directory = Path(directory)
        self._files: FileSet | None = None

    def build(self) -> Release:
        """Build the release."""
        with self._ends_build_on_errors():
            return self.project.build(self._directory, self._progress, frontend=frontend_of(self.project.root, os.environ))

    def show_path(self, release: Release) -> None:
        """Show where the release is, or which frontend deletes it."""
        path = release.artifact.path
        if path.parent == self._directory.resolve() and (dropper := _drops_releases(path.parent)):
            self._progress.note(
                f"{path.parent} is a temporary folder: {dropper} takes the wheel out of it and deletes the rest. The option "
                "output-dir keeps the release."
            )
        else:
            self._progress.result("Release", shortest_path(path))

    def select(self) -> FileSet:
        """Return the files of the release, without building it."""
        if self._files is None:
            with self._ends_build_on_errors():
                self._files = self.project.select(self._directory)
        return self._files

    def sdist_files(self) -> dict[str, str]:
        """Return the files an sdist must contain so that a wheel built from it has this release: source to path in the sdist."""
        files = self.select()
        inside = self.project.config.root.relative_to(self.project.root)
        needed = [(file.on_disk, file.path) for file in files.files]
        others = [name for name in (*files.ignore_files, "uv.lock") if name != REPOSITORY_EXCLUDE]
        needed += [(str(files.root / name), name) for name in others if (files.root / name).is_file()]
        with self._ends_build_on_errors():
            needed += self.project.carried_files(files).items()
        found = {source: (inside / name).as_posix() for source, name in needed}
        return {**found, str(self.project.config.path): Path(self.options.config).as_posix()}

    def refuse_replaced(self, foreign: Mapping[str, Path | None]) -> None:
        """End the build if an sdist has other content than the project at the path of a file of the release.

        `foreign` maps paths of the sdist to the files they are copied from, None for generated ones.
        """
        released = {os.path.relpath(self.project.config.root / file.path, self.project.root): file for file in self.select().files}
        replaced = [
            Problem(
                f"the sdist has another file as {path}: the release of a wheel built from it would not be this one",
                "take it out of force-include or support-legacy of [tool.hatch.build.targets.sdist], or out of the release",
                code="TBX118",
            )
            for path, origin in foreign.items()
            if (file := released.get(os.path.normpath(path)))
            and (origin is None or origin.read_bytes() != file.source.read_bytes())
        ]
        if replaced:
            with self._ends_build_on_errors():
                raise ConfigError(*replaced)

    def sdist_record(self, held: Iterable[str]) -> tuple[str, bytes] | None:
        """Return path and content of the record that an sdist with the paths `held` needs, None if it needs none.

        It names the files that are not the release's.
        """
        from hatch_tilebox.selection.sdist_record import SdistRecord, record_of

        config, inside = self.project.config, self.project.config.root.relative_to(self.project.root).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        below = (path.removeprefix(prefix) for path in held if path.startswith(prefix))
        with self._ends_build_on_errors():
            record = record_of(self.select(), config.include, config.exclude, below)
            if self.options.provenance:
                record = record._replace(source=self.project.source_commit(self.select()))
        return (prefix + SDIST_RECORD, record.to_json()) if record != SdistRecord() else None

    @contextmanager
    def _ends_build_on_errors(self) -> Iterator[None]:
        from hatch_tilebox.core.signals import cleans_up_when_terminated

        try:
            with cleans_up_when_terminated(with_parent=True):
                yield
        except TileboxError as error:
            self._app.abort(self._progress.error(error), code=error.exit_code)


def read_skip(root: str, table: Mapping[str, Any], app: Application) -> bool:
    """Return the option `skip`, read alone. A wrong value ends the build."""
    table = {"skip": table["skip"]} if "skip" in table else {}
    environ = {name: value for name, value in os.environ.items() if name == SKIP_VARIABLE}
    try:
        return load_options(table, where=HOOK_TABLE, environ=environ, pyproject=peek_pyproject(Path(root))).skip
    except ConfigError as error:
        app.abort(TextProgress(app).error(error), code=error.exit_code)
        raise  # unreachable: abort ends the process


def select_quietly(root: str, build: HatchlingBuild, directory: str) -> FileSet | None:
    """Return the files of the release, None if there is no workflow or it has errors."""
    try:
        return open_project(Path(root), build=build).select(Path(directory))
    except TileboxError:
        return None


def _drops_releases(folder: Path) -> str | None:
    """Return the frontend that builds into `folder` and keeps only the wheel, if it is one of these."""
    # Programs that pip starts have its variable too, so the name that pip gives to its folders counts as well.
    if "PIP_BUILD_TRACKER" in os.environ and folder.name.startswith("pip-"):
        return "pip"
    if folder.name == "work" and (folder.parent / "control" / "input.json").is_file():
        return "hatch, with another backend than its own,"
    return None
