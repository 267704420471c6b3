"""The workflow project: its configuration, and what can be done with it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import PROVENANCE_SUFFIX, RELEASE_SUFFIX, SBOM_SUFFIX
from hatch_tilebox.core.workflow import release_filename
from hatch_tilebox.project.metadata import project_of
from hatch_tilebox.selection.select import select_release

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hatchling.metadata.core import ProjectMetadata

    from hatch_tilebox.core.config import BuildOptions, WorkflowConfig
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.model import FileSet, Project, Task
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.core.source_commit import SourceCommit
    from hatch_tilebox.core.vendored import Vendored
    from hatch_tilebox.pipeline.build import Release
    from hatch_tilebox.project.vendor.explain import GeneratedFile
    from hatch_tilebox.project.vendor.local_packages import LocalSources
    from hatch_tilebox.selection.explain import Explanation

# An sdist needs all of this module but what methods import.

COMMAND_LINE = "hatch-tilebox"
"""The frontend of builds by the command line."""


@dataclass(eq=False, repr=False)
class WorkflowProject:
    """A project with a `tilebox.workflow.toml`. Its methods raise `TileboxError` for user errors.

    `metadata` returns name, version and Pythons of the project; only a build calls it.
    """

    pyproject: Pyproject
    config: WorkflowConfig
    options: BuildOptions
    metadata: Callable[[], Project]

    @property
    def root(self) -> Path:
        """The folder of `pyproject.toml`."""
        return self.pyproject.root

    def output(self, directory: Path) -> Path:
        """Return the folder for the release: the option `output-dir`, else `directory`."""
        return (self.root / (self.options.output_dir or directory)).resolve()

    def select(self, directory: Path | None = None) -> FileSet:
        """Return the files of the release. `directory` is the output folder of the frontend, by default `dist`."""
        return select_release(self.config, skip=self._output_folders(directory))

    def check(self, files: FileSet) -> tuple[Problem, ...]:
        """Return warnings about the files that `select` returned. Raises SelectionError if they make no release."""
        from hatch_tilebox.selection.release_files import check_selection

        checks = check_selection(self.config, files, self.options, skip=self._output_folders())
        return tuple(chain.from_iterable(checks))

    def explain(self, path: Path | str) -> Explanation:
        """Return the rule of `select` that decides about `path`: absolute, or relative to the root of the workflow."""
        from hatch_tilebox.selection.explain import explain_release

        if self.options.vendor:
            from hatch_tilebox.project.vendor.explain import explain_vendored

            sources = self.local_sources()
            found = explain_vendored(self.config.root, self.generated(), sources.packages if sources else (), path)
            if found:
                return found
        return explain_release(self.config, path, skip=self._output_folders())

    def local_sources(self) -> LocalSources | None:
        """Return what a build takes from this machine with the option `vendor`; None if it generates no files.

        Also None in an unpacked sdist, which has the generated files. Raises ConfigError if the lock cannot be read.
        """
        if not self.options.vendor:
            return None
        from hatch_tilebox.project.vendor.local_packages import local_sources

        sources = local_sources(self.config.root)
        return None if sources is None or sources.self_contained else sources

    def generated(self) -> tuple[GeneratedFile, ...]:
        """Return the files that a build puts into the release in addition to those of `select`, or in their place."""
        if not self.options.vendor:
            return ()
        from hatch_tilebox.project.vendor.explain import carried_generated, generated_files

        sources = self.local_sources()
        return carried_generated(self.select()) or (generated_files(sources) if sources else ())

    def build(
        self, directory: Path, progress: Progress, variables: Sequence[str] = (), frontend: str | None = COMMAND_LINE
    ) -> Release:
        """Build the release into `output(directory)`, which is created if it is missing.

        `variables` are passed to the workflow's code, with those of the option `pass-environment`. `frontend` is the program that
        was started to build, for the statement of provenance.
        """
        from hatch_tilebox.archive.output_folder import make_output_folder
        from hatch_tilebox.pipeline.build import build_release
        from hatch_tilebox.project.advice import project_warnings

        output = self.output(directory)
        make_output_folder(output)
        metadata = self.metadata()
        release = build_release(
            self.config,
            metadata,
            output,
            self.options,
            progress=progress,
            skip=self._output_folders(directory),
            vendor=self._vendor if self.options.vendor else None,
            variables=variables,
            warnings=project_warnings(self.config, self.pyproject, metadata.requires_python),
            examine=self._examine,
        )
        sbom = self._write_sbom(release, metadata.requires_python, progress) if self.options.sbom else None
        provenance = self._write_provenance(release, directory, progress, frontend) if self.options.provenance else None
        return release._replace(sbom=sbom, provenance=provenance)

    def _examine(self, files: FileSet, tasks: Sequence[Task]) -> Sequence[Problem]:
        from hatch_tilebox.project.source_tasks import unregistered_tasks
        from hatch_tilebox.project.source_tree import SourceTree

        return unregistered_tasks(SourceTree(self.config.root, files.paths), self.config, tasks)

    def source_commit(self, files: FileSet) -> SourceCommit | None:
        """Return the commit that a release of the selected `files` comes from; None if that is not known."""
        from hatch_tilebox.project.provenance import source_commit

        sources = self.local_sources()
        packages = [package.place for package in sources.packages] if sources else []
        return source_commit(self.config.root, [*(file.source for file in files.files), *packages])

    def _write_provenance(self, release: Release, directory: Path, progress: Progress, frontend: str | None) -> Path:
        from hatch_tilebox.project.provenance import is_unpacked_sdist, matching_sdist, write_provenance

        files = self.select(directory)
        commit, from_sdist, sdist = self.source_commit(files), is_unpacked_sdist(self.root), None
        if from_sdist:
            needed = [Path(os.path.relpath(file.source, self.root)).as_posix() for file in files.files]
            sdist = matching_sdist(self.root, release.artifact.path.stem, directory, needed)
        path = write_provenance(release.manifest, release.artifact, commit, from_sdist=from_sdist, sdist=sdist, frontend=frontend)
        modified = f", {len(commit.modified)} modified files" if commit and commit.modified else ""
        progress.result("Provenance", f"{path.name}, {f'commit {commit.id[:12]}{modified}' if commit else 'no commit'}")
        return path

    def _write_sbom(self, release: Release, requires_python: str | None, progress: Progress) -> Path:
        from hatch_tilebox.core.runner_image import pin_of
        from hatch_tilebox.project.runner_platforms import IMAGE_PLATFORMS, platforms_of
        from hatch_tilebox.project.sbom import write_sbom

        platforms = platforms_of(self.options.runners, requires_python, pin_of(release.files)) or IMAGE_PLATFORMS
        path, components = write_sbom(release.manifest, release.artifact, release.files.root, platforms)
        progress.result("SBOM", f"{path.name}, {components} components")
        return path

    def carried_files(self, files: FileSet) -> dict[str, str]:
        """Return what an sdist needs because of the option `vendor`: file to path, relative to the root of the workflow."""
        if not self.options.vendor:
            return {}
        from hatch_tilebox.project.vendor.release import carried_files

        return carried_files(self._vendor(files, lambda _: None))

    def _vendor(self, files: FileSet, on_line: Callable[[str], None]) -> Vendored:
        from hatch_tilebox.project.vendor.release import vendor

        return vendor(files, renew=not self.options.cache, on_line=on_line)

    def _output_folders(self, directory: Path | None = None) -> list[Path]:
        """Return the files and folders that builds write, which no release contains: ours, and the official tool's archive.

        `dist` is always one of them, so that a release does not depend on the output folder of this build. The project itself never
        is, even if it is the output folder.
        """
        dist, official = self.root / "dist", self.root / f"{self.config.workflow.slug}.tar.zst"
        directory = directory or dist
        folders = {dist, official, directory.resolve(), self.output(directory)}
        return sorted(folders - {self.root, *self.root.parents})


def modules_of(files: FileSet) -> dict[str, str]:
    """Return the importable files of a release for hatchling's `force_include`: source to path in the wheel.

    These are the Python modules and all files in packages. A `src` folder contains packages, it is not one.
    """
    packages = {file.path.rpartition("/")[0] for file in files.files if file.path.endswith("/__init__.py")}
    return {
        file.on_disk: re.sub(r"^src/", "", file.path)
        for file in files.files
        if file.path.endswith(".py") or any(file.path.startswith(f"{package}/") for package in packages)
    }


def remove_releases(metadata: ProjectMetadata[Any], directory: Path) -> None:
    """Remove the releases of all versions of this project and the documents about them from `directory`, and nothing else."""
    name = release_filename(project_of(metadata)).split("-")[0]
    for suffix in (RELEASE_SUFFIX, SBOM_SUFFIX, PROVENANCE_SUFFIX):
        for path in directory.glob(f"{name}-*{suffix}"):
            if not path.is_dir():
                path.unlink()
