"""The build hook `tilebox`: a wheel is built together with the release of its workflow."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

from hatch_tilebox.core.constants import ACTIVE_VARIABLE, SKIP_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.project.workflow_project import WorkflowProject


class TileboxBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the release before the wheel is written.

    It does nothing in editable builds: `uv run` starts one if a project has a build system, on release runners too.
    """

    PLUGIN_NAME = "tilebox"
    _temporary: ExitStack | None = None
    _show_path: Callable[[], None] | None = None
    _provenance: Path | None = None
    _sdists: ClassVar[dict[str, Path]] = {}
    """The sdists that this process has built, by the root of the project."""

    def dependencies(self) -> list[str]:
        """Return `uv` if this machine has none: the frontend installs it for the build."""
        if self.target_name != "wheel" or ACTIVE_VARIABLE in os.environ or self._skips():
            return []
        from hatch_tilebox.discovery.uv import find_uv

        return [] if find_uv() else ["uv"]

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002 -- hatchling's signature
        """Remove the project's releases from the folder of its wheels."""
        from hatch_tilebox.project.workflow_project import remove_releases

        remove_releases(self.metadata, Path(self.directory))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the release, and add its modules to the wheel if hatchling cannot find them by configuration or name.

        An sdist gets all files that the release of a wheel built from it needs.
        """
        if self.target_name not in {"sdist", "wheel"} or version == "editable" or ACTIVE_VARIABLE in os.environ:
            return
        if self._skips():
            self._warn_of_skip(build_data)
        elif self.target_name == "sdist":
            self._complete(build_data["force_include"])
        else:
            self._build(build_data)

    def _build(self, build_data: dict[str, Any]) -> None:
        from hatch_tilebox.frontends.application import build, ends_build_on_errors, show_path
        from hatch_tilebox.project.workflow_project import modules_of

        with ends_build_on_errors(self.app) as progress:
            project = self._open()
            release = build(project, Path(self.directory), progress)
        self._show_path = partial(show_path, release, self.directory, progress)
        self._provenance = release.provenance
        if project.options.embed:
            from hatch_tilebox.archive.embedded import EMBEDDED_PATH, embedded_json

            # Hatchling takes extra metadata from a file.
            description = self._kept("release.json", embedded_json(release.manifest, release.artifact))
            build_data["extra_metadata"][description] = EMBEDDED_PATH
        if release.sbom and "sbom_files" in build_data:  # source: PEP 770
            build_data["sbom_files"].append(str(release.sbom))
        elif release.sbom:
            self.app.display_warning("hatch-tilebox: the wheel has no SBOM: that needs hatchling>=1.28 in build-system.requires")
        if not build_data["force_include"] and not _places_files(self.build_config):
            build_data["force_include"].update(modules_of(release.files))

    def _skips(self) -> bool:
        """Whether the option `skip` is set, even if all other options are wrong."""
        if "skip" not in self.config and not os.environ.get(SKIP_VARIABLE):
            return False
        from hatch_tilebox.core.pyproject import peek_pyproject
        from hatch_tilebox.frontends.application import ends_build_on_errors
        from hatch_tilebox.project.build_options import HOOK_TABLE, load_options

        table = {name: value for name, value in self.config.items() if name == "skip"}
        environ = {name: value for name, value in os.environ.items() if name == SKIP_VARIABLE}
        with ends_build_on_errors(self.app):
            return load_options(table, where=HOOK_TABLE, environ=environ, pyproject=peek_pyproject(Path(self.root))).skip

    def _warn_of_skip(self, build_data: dict[str, Any]) -> None:
        """Warn that no release is built, and add to a wheel the modules that hatchling cannot find."""
        if self.target_name == "sdist":
            self.app.display_warning("hatch-tilebox: skip is set, so this sdist may lack files of the Tilebox release")
            return
        self.app.display_warning("hatch-tilebox: skip is set, so this wheel is built WITHOUT a Tilebox release")
        if build_data["force_include"] or _places_files(self.build_config):
            return
        from hatch_tilebox.core.errors import TileboxError
        from hatch_tilebox.project.workflow_project import modules_of

        with suppress(TileboxError):  # there may be no workflow, or one with errors
            build_data["force_include"].update(modules_of(self._open().select(Path(self.directory))))

    def _complete(self, forced: dict[str, str]) -> None:
        """Add to the files forced into an sdist those that the release needs and hatchling leaves out: source to path in the sdist.

        No others, because hatchling is slow with forced files. A record in the sdist names the files that are not the release's.
        """
        from hatch_tilebox.frontends.application import ends_build_on_errors, refuse_replaced, sdist_files, sdist_record

        shipped = {file.distribution_path for file in self.build_config.builder.recurse_selected_project_files()}
        foreign = self._foreign(forced)
        with ends_build_on_errors(self.app):
            project = self._open()
            files = project.select(Path(self.directory))
            refuse_replaced(project, files, foreign)
            needed = sdist_files(project, files)
            forced.update({source: path for source, path in needed.items() if os.path.normpath(path) not in shipped})
            held = {path.replace(os.sep, "/") for path in (*shipped, *foreign, *forced.values())}
            record = sdist_record(project, files, held)
        if record:
            path, content = record
            forced[self._kept("record.json", content)] = path

    def _foreign(self, forced: dict[str, str]) -> dict[str, Path | None]:
        """Return the paths of the sdist that come from another path of the project, with that; None for generated files."""
        found: dict[str, Path | None] = {}
        for source, target in {**self.build_config.force_include, **forced}.items():
            origin = Path(self.root, source)
            if origin == Path(self.root, target):
                continue
            below = [path for path in origin.rglob("*") if path.is_file()] if origin.is_dir() else [origin]
            found.update({Path(target, path.relative_to(origin)).as_posix(): path for path in below})
        if getattr(self.build_config, "support_legacy", False):
            found["setup.py"] = None
        return found

    def _open(self) -> WorkflowProject:
        from hatch_tilebox.project.open import HatchlingBuild, open_project

        return open_project(Path(self.root), build=HatchlingBuild(self.metadata, options=self.config))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 -- hatchling's
        """Complete the statement of provenance, show the path of the release last, and remove temporary files."""
        if self.target_name == "sdist":
            self._sdists[self.root] = Path(artifact_path)
        if self._provenance:
            from hatch_tilebox.project.provenance import add_subject

            add_subject(self._provenance, Path(artifact_path))
            if sdist := self._sdists.get(self.root):
                add_subject(self._provenance, sdist)
        if self._show_path:
            self._show_path()
        if self._temporary:
            self._temporary.close()

    def _kept(self, name: str, content: bytes) -> str:
        """Return the path of a file with this content, which exists until the end of the build."""
        from hatch_tilebox.core.temporary import temporary_folder

        self._temporary = ExitStack()
        file = self._temporary.enter_context(temporary_folder()) / name
        file.write_bytes(content)
        return str(file)


def _places_files(config: BuilderConfig) -> bool:
    """Whether hatchling finds the files of the wheel, by configuration or by the project's name."""
    try:
        config.default_include()
    except ValueError:
        return False
    return True
