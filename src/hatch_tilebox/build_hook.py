"""The build hook `tilebox`: a wheel is built together with the release of its workflow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from hatch_tilebox.release import Release

# Set in every process that discovery starts: a build that asks for this hook there is one that we caused ourselves.
GUARD = "HATCH_TILEBOX_ACTIVE"


class TileboxBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the release before the wheel is written.

    It has nothing to do with editable builds: `uv run` makes one of a project with a build system, on release runners too.
    """

    PLUGIN_NAME = "tilebox"
    _embedded: TemporaryDirectory[str] | None = None

    def dependencies(self) -> list[str]:
        """`uv`, where this machine has none: the frontend installs it for the build."""
        if self.target_name != "wheel" or GUARD in os.environ:
            return []
        from hatch_tilebox.runtime import find_uv

        return [] if find_uv() else ["uv"]

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002 -- hatchling's signature
        """Remove the project's releases where the frontend removes its wheels."""
        from hatch_tilebox.bridge import remove_releases

        remove_releases(self.metadata, Path(self.directory))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the release, and give the wheel its modules where neither configuration nor name tells which they are.

        An sdist gets all that the release of a wheel built from it needs.
        """
        if self.target_name not in {"sdist", "wheel"} or version == "editable" or GUARD in os.environ:
            return
        from hatch_tilebox.bridge import HOOK_TABLE, HatchlingProject, modules_of

        build = HatchlingProject(self.root, self.metadata, self.config, HOOK_TABLE, self.directory, self.app)
        if self.target_name == "sdist":
            # Only what hatchling leaves out: it takes long over each file that is forced on it.
            shipped = {file.distribution_path for file in self.build_config.builder.recurse_selected_project_files()}
            needed = build.sdist_files()
            build_data["force_include"].update({source: path for source, path in needed.items() if path not in shipped})
            return
        if build.options.skip:
            self.app.display_warning("hatch-tilebox: skip is set, so this wheel is built WITHOUT a Tilebox release")
            files = build.select()
        else:
            release = build.build()
            files = release.files
            if build.options.embed:
                self._embed(release, build_data)
        if not build_data["force_include"] and not _places_files(self.build_config):
            build_data["force_include"].update(modules_of(files))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 -- hatchling's
        """Remove what was only there to be packed."""
        if self._embedded:
            self._embedded.cleanup()

    def _embed(self, release: Release, build_data: dict[str, Any]) -> None:
        """Let the wheel name the release: hatchling takes extra metadata from a file."""
        from tempfile import TemporaryDirectory

        from hatch_tilebox.embedded import EMBEDDED_PATH, embedded_json

        self._embedded = TemporaryDirectory(prefix="hatch-tilebox-")
        file = Path(self._embedded.name, "release.json")
        file.write_bytes(embedded_json(release.manifest, release.artifact))
        build_data["extra_metadata"][str(file)] = EMBEDDED_PATH


def _places_files(config: BuilderConfig) -> bool:
    """Whether hatchling knows, by configuration or by the project's name, what the wheel ships."""
    try:
        config.default_include()
    except ValueError:
        return False
    return True
