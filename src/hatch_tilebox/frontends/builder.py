"""The build target `tilebox`: `hatch build -t tilebox` builds the release alone."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.plugin.interface import BuilderInterface
from hatchling.plugin.manager import PluginManager

if TYPE_CHECKING:
    from collections.abc import Callable


class TileboxBuilderConfig(BuilderConfig):
    """The configuration of the target, which adds `uv` to the requirements of a build if this machine has none."""

    @cached_property
    def dynamic_dependencies(self) -> list[str]:
        """The requirements of hooks, and uv."""
        from hatch_tilebox.discovery.uv import find_uv

        return [*super().dynamic_dependencies, *([] if find_uv() else ["uv"])]


class TileboxBuilder(BuilderInterface[TileboxBuilderConfig, PluginManager]):
    """Builds `<name>-<version>.tbrelease`."""

    PLUGIN_NAME = "tilebox"

    @classmethod
    def get_config_class(cls) -> type[TileboxBuilderConfig]:
        """Return the class for the target's table."""
        return TileboxBuilderConfig

    def get_version_api(self) -> dict[str, Callable[..., str]]:
        """Return the only way to build a release."""
        return {"standard": self.build_standard}

    def clean(self, directory: str, versions: list[str]) -> None:  # noqa: ARG002 -- hatchling's signature
        """Remove the project's releases, and nothing else."""
        from hatch_tilebox.project.workflow_project import remove_releases

        remove_releases(self.metadata, Path(directory))

    def build_standard(self, directory: str, **_build_data: Any) -> str:
        """Build the release into `directory` and return its path."""
        from hatch_tilebox.frontends.application import build, ends_build_on_errors
        from hatch_tilebox.project.build_options import TARGET_TABLE
        from hatch_tilebox.project.open import HatchlingBuild, open_project

        with ends_build_on_errors(self.app) as progress:
            # The options of the hook count here too, also if hooks are off.
            project = open_project(Path(self.root), build=HatchlingBuild(self.metadata, TARGET_TABLE))
            release = build(project, Path(directory), progress)
        return str(release.artifact.path)
