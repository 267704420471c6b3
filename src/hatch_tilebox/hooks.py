"""What hatch loads through its entry point.

Hatchling imports this module in every build of every project in whose build environment it is installed, as soon as any
third-party plugin is looked up, so nothing is imported before it is asked for.
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
    """The build hook `tilebox`."""
    from hatch_tilebox.frontends.build_hook import TileboxBuildHook

    return TileboxBuildHook


@hookimpl
def hatch_register_builder() -> type[TileboxBuilder]:
    """The build target `tilebox`."""
    from hatch_tilebox.frontends.builder import TileboxBuilder

    return TileboxBuilder


@hookimpl
def hatch_register_publisher() -> type[TileboxPublisher]:
    """The publisher `tilebox`. Hatch alone asks for it; hatchling does not know publishers."""
    from hatch_tilebox.frontends.publisher import TileboxPublisher

    return TileboxPublisher
