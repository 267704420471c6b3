"""Build Tilebox workflow releases with the standard Python build tools."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["__version__", "release_metadata"]

__version__ = "0.1.0"


def release_metadata(name: str) -> dict[str, Any]:
    """Return the description of the release that an installed distribution was built with.

    Args:
        name: The name of the distribution, such as `"scene-qa"`.

    Returns:
        The content of the release's `.tilebox/release.json`, with one more key, `artifact`: a dictionary with the `filename` of the
            release, its `sha256` (64 hex digits) and its `size` in bytes.

    Raises:
        hatch_tilebox.plugins.TileboxError: The distribution is not installed, or its wheel was built without a release.
    """
    from hatch_tilebox.archive.wheel import read_distribution

    release = read_distribution(name)
    return {
        **release.manifest.to_dict(),
        "artifact": {"filename": release.filename, "sha256": release.sha256, "size": release.size},
    }
