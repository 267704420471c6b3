"""From hatchling's objects to one call of the pipeline, for every surface that builds."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.errors import ConfigError, Problem, TileboxError
from hatch_tilebox.names import RELEASE_SUFFIX, REPOSITORY_EXCLUDE, SDIST_RECORD, SKIP_VARIABLE
from hatch_tilebox.text_progress import TextProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hatchling.bridge.app import Application
    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.model import FileSet, Project
    from hatch_tilebox.progress import Progress
    from hatch_tilebox.release import Release
    from hatch_tilebox.selection.explain import Explanation

HOOK_TABLE = "tool.hatch.build.hooks.tilebox"
TARGET_TABLE = "tool.hatch.build.targets.tilebox"


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


class WorkflowProject:
    """A project with a `tilebox.workflow.toml`, and our options for it; `settings` of a frontend count before all others.

    `about` gives what its metadata say; only a build asks. Raises a `TileboxError`, here and in its methods, for whatever the
    user can fix.
    """

    def __init__(
        self,
        root: Path,
        about: Callable[[], Project],
        table: Mapping[str, Any],
        where: str,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        from hatch_tilebox.config import BuildOptions, check_root_inside, load_config, load_options

        self.root = root.resolve()
        self._about = about
        problems: list[Problem] = []
        self.options = BuildOptions()
        try:
            self.options = load_options(table, where=where, environ=os.environ, settings=settings, project=self.root)
        except ConfigError as error:
            problems += error.problems
        try:
            self.config = load_config(self.root / self.options.config, base=self.root)
        except ConfigError as error:
            problems += error.problems
        if problems:
            raise ConfigError(*problems)
        check_root_inside(self.config, self.root)

    def output(self, directory: Path) -> Path:
        """The folder that the release goes to: `output-dir`, or else `directory`."""
        return (self.root / (self.options.output_dir or directory)).resolve()

    def select(self, directory: Path) -> FileSet:
        """The files of the release; `directory` is where the frontend wants its own."""
        from hatch_tilebox.contents import select_release

        return select_release(self.config, skip=self._output_folders(directory))

    def check(self, directory: Path, files: FileSet) -> tuple[Problem, ...]:
        """Everything doubtful about the files that `select(directory)` gave. Raises SelectionError for what stops a build."""
        from hatch_tilebox.contents import check_selection

        return check_selection(self.config, files, self.options, skip=self._output_folders(directory))

    def explain(self, directory: Path, path: Path | str) -> Explanation:
        """Which rule of `select(directory)` decides about `path`: absolute, or relative to the root of the workflow."""
        from hatch_tilebox.selection.explain import explain

        config, skip = self.config, self._output_folders(directory)
        return explain(config.root, config.include, config.exclude, path, use_gitignore=config.use_gitignore, skip=skip)

    def build(self, directory: Path, progress: Progress, variables: Sequence[str] = ()) -> Release:
        """Build the release into `output(directory)`, which is created where it is missing.

        `variables` are let through to the workflow's code beside those of the option `pass-environment`.
        """
        from hatch_tilebox.archive.writer import make_output_folder
        from hatch_tilebox.release import build_release

        output = self.output(directory)
        make_output_folder(output)
        skip = self._output_folders(directory)
        return build_release(self.config, self._about(), output, self.options, progress=progress, skip=skip, variables=variables)

    def _output_folders(self, directory: Path) -> list[Path]:
        """What is never part of the release, because builds write there: ours, and the official tool beside the project.

        `dist` is always among them, so that the content of a release does not depend on where this build writes; the project
        itself never, even where a frontend was told to write there.
        """
        official = self.root / f"{self.config.workflow.slug}.tar.zst"
        folders = {self.root / "dist", official, directory.resolve(), self.output(directory)}
        return sorted(folders - {self.root, *self.root.parents})


def hatchlings_project(metadata: ProjectMetadata[Any]) -> Project:
    """Name, version and supported Pythons from hatchling's metadata, with a dynamic version resolved."""
    from hatch_tilebox.model import Project

    return Project(metadata.core.name, metadata.version, metadata.core.requires_python or None)


def reads_skip(root: str, table: Mapping[str, Any], where: str, app: Application) -> bool:
    """What the option `skip` says, read alone. A value that it cannot have ends the build."""
    from hatch_tilebox.config import load_options

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


def modules_of(files: FileSet) -> dict[str, str]:
    """The importable files of a release, as hatchling's `force_include` takes them: source to path in the wheel.

    These are the Python modules, and whatever else lies in a package. A `src` folder is where packages are, not one of them.
    """
    packages = {file.path.rpartition("/")[0] for file in files.files if file.path.endswith("/__init__.py")}
    return {
        file.on_disk: re.sub(r"^src/", "", file.path)
        for file in files.files
        if file.path.endswith(".py") or any(file.path.startswith(f"{package}/") for package in packages)
    }


def _drops_releases(folder: Path) -> str | None:
    """The frontend that builds into `folder` and keeps nothing but the wheel, if there is one."""
    if "PIP_BUILD_TRACKER" in os.environ:
        return "pip"
    if folder.name == "work" and (folder.parent / "control" / "input.json").is_file():
        return "hatch, with another backend than its own,"
    return None


def remove_releases(metadata: ProjectMetadata[Any], directory: Path) -> None:
    """Remove the releases of this project from `directory`, whatever their version, and nothing else."""
    from hatch_tilebox.model import release_filename

    name = release_filename(hatchlings_project(metadata)).split("-")[0]
    for path in directory.glob(f"{name}-*{RELEASE_SUFFIX}"):
        if not path.is_dir():
            path.unlink()
