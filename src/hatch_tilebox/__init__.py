"""Build Tilebox workflow releases with the standard Python build tools."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["__version__", "release_metadata"]

__version__ = "0.1.0"


def release_metadata(name: str) -> dict[str, Any]:
    """What the installed distribution `name` says about the release that was built with it.

    Gives the release's manifest with one more key, `artifact`: an object of `filename`, `sha256` and `size` in bytes. Raises
    `hatch_tilebox.core.errors.ArchiveError` where no such distribution is installed or its wheel names no release.
    """
    from hatch_tilebox.archive.wheel import read_distribution

    release = read_distribution(name)
    return {
        **release.manifest.to_dict(),
        "artifact": {"filename": release.filename, "sha256": release.sha256, "size": release.size},
    }
