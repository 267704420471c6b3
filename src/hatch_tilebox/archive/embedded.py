"""The copy of a release's manifest that a build puts into the wheel. `archive/wheel.py` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.model import canonical_json

if TYPE_CHECKING:
    from hatch_tilebox.core.model import JSON, Artifact, ReleaseManifest

EMBEDDED_PATH = "tilebox/release.json"
"""The path below `extra_metadata` in the `.dist-info` folder, where hatchling puts files of build hooks."""


def embedded_json(manifest: ReleaseManifest, artifact: Artifact) -> bytes:
    """Return the manifest and its artifact as the file in the wheel."""
    about: JSON = {"filename": artifact.path.name, "sha256": artifact.sha256, "size": artifact.size}
    return canonical_json({**manifest.to_dict(), "artifact": about})
