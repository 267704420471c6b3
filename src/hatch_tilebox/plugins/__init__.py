"""The public API for plugins: hooks, and the values that they take and return.

A plugin is a package that advertises a module or an object in the entry-point group `hatch_tilebox`, and implements hooks with
`hookimpl`. Import names from this module alone: they are stable, the modules that define them are not.
"""

from hatch_tilebox.core.errors import Location, PluginError, Problem, PublishError, TileboxError
from hatch_tilebox.core.model import Artifact, ReleaseManifest
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.plugins.destination import ArtifactTransport, Attachment, Destination, LocalRelease, PublishedRelease
from hatch_tilebox.plugins.findings import Finding, ReleaseFile
from hatch_tilebox.plugins.hookspecs import hookimpl

__all__ = [
    "Artifact",
    "ArtifactTransport",
    "Attachment",
    "Destination",
    "Finding",
    "LocalRelease",
    "Location",
    "PluginError",
    "Problem",
    "Progress",
    "PublishError",
    "PublishedRelease",
    "ReleaseFile",
    "ReleaseManifest",
    "TileboxError",
    "hookimpl",
]
