"""Documents beside the archive of a release that are published with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import SBOM_SUFFIX
from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import open_regular
from hatch_tilebox.plugins.destination import Attachment

if TYPE_CHECKING:
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Destination, LocalRelease, PublishedRelease

SBOM_TYPE = "application/vnd.cyclonedx+json"
_MAX_SIZE = 64 * 2**20


def attach_documents(local: LocalRelease, published: PublishedRelease, destination: Destination, progress: Progress) -> str:
    """Attach the SBOM beside the archive to the published release. Return a summary, "" if there is none.

    An SBOM of another archive is left out, with a warning. Raises PublishError if the destination refuses it.
    """
    path = local.artifact.path.with_suffix(SBOM_SUFFIX)
    try:
        with open_regular(path) as file:
            content = file.read(_MAX_SIZE + 1)
    except OSError:
        return ""
    if len(content) > _MAX_SIZE or not _describes(content, local.artifact.sha256):
        progress.warning(
            Problem(f"{path.name} is not the SBOM of this archive, and is not published", "build the release again", code="TBX521")
        )
        return ""
    kept = destination.attach(published, Attachment(path.name, SBOM_TYPE, content))
    return f"{path.name}" if kept else f"{destination.url} does not keep {path.name}"


def _describes(content: bytes, digest: str) -> bool:
    """Whether a CycloneDX document is about the archive with this digest."""
    try:
        value = parse_json(content)
    except ValueError:
        return False
    match value:
        case {"metadata": {"component": {"hashes": [{"alg": "SHA-256", "content": str(described)}]}}}:
            return described == digest
        case _:
            return False
