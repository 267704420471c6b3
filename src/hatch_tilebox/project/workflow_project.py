"""The workflow project: its configuration, and what can be done with it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import RELEASE_SUFFIX
from hatch_tilebox.core.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.core.model import FileSet, Project
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.pipeline.build import Release
    from hatch_tilebox.selection.explain import Explanation

HOOK_TABLE = "tool.hatch.build.hooks.tilebox"
TARGET_TABLE = "tool.hatch.build.targets.tilebox"


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
        from hatch_tilebox.project.build_options import BuildOptions, load_options
        from hatch_tilebox.project.workflow_file import check_root_inside, load_config

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
        from hatch_tilebox.selection.release_files import select_release

        return select_release(self.config, skip=self._output_folders(directory))

    def check(self, directory: Path, files: FileSet) -> tuple[Problem, ...]:
        """Everything doubtful about the files that `select(directory)` gave. Raises SelectionError for what stops a build."""
        from hatch_tilebox.selection.release_files import check_selection

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
        from hatch_tilebox.pipeline.build import build_release
        from hatch_tilebox.project.advice import project_warnings

        output = self.output(directory)
        make_output_folder(output)
        return build_release(
            self.config,
            about := self._about(),
            output,
            self.options,
            progress=progress,
            skip=self._output_folders(directory),
            variables=variables,
            warnings=project_warnings(self.config, self.root, about.requires_python),
        )

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
    from hatch_tilebox.core.model import Project

    return Project(metadata.core.name, metadata.version, metadata.core.requires_python or None)


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


def remove_releases(metadata: ProjectMetadata[Any], directory: Path) -> None:
    """Remove the releases of this project from `directory`, whatever their version, and nothing else."""
    from hatch_tilebox.core.model import release_filename

    name = release_filename(hatchlings_project(metadata)).split("-")[0]
    for path in directory.glob(f"{name}-*{RELEASE_SUFFIX}"):
        if not path.is_dir():
            path.unlink()
