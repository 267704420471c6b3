"""The plugins that hatch loads through the entry point.

Hatchling imports this module in every build of every project that has it in the build environment, as soon as it looks up any
third-party plugin. So each function imports its plugin when it is called.
"""

from __future__ import annotations

from hatchling.plugin import hookimpl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hatch_tilebox.frontends.build_hook import TileboxBuildHook
    from hatch_tilebox.frontends.builder import TileboxBuilder
    from hatch_tilebox.frontends.publisher import TileboxPublisher


@hookimpl
def hatch_register_build_hook() -> type[TileboxBuildHook]:
    """Return the build hook `tilebox`."""
    from hatch_tilebox.frontends.build_hook import TileboxBuildHook

    return TileboxBuildHook


@hookimpl
def hatch_register_builder() -> type[TileboxBuilder]:
    """Return the build target `tilebox`."""
    from hatch_tilebox.frontends.builder import TileboxBuilder

    return TileboxBuilder


@hookimpl
def hatch_register_publisher() -> type[TileboxPublisher]:
    """Return the publisher `tilebox`. Only hatch calls this; hatchling has no publishers."""
    from hatch_tilebox.frontends.publisher import TileboxPublisher

    return TileboxPublisher
