"""Documents beside the archive of a release that are published with it: its SBOM, and the statement of its provenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import PROVENANCE_SUFFIX, SBOM_SUFFIX
from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import open_regular
from hatch_tilebox.plugins.destination import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Destination, LocalRelease, PublishedRelease

MEDIA_TYPES = {SBOM_SUFFIX: "application/vnd.cyclonedx+json", PROVENANCE_SUFFIX: "application/vnd.in-toto+json"}
_MAX_SIZE = 64 * 2**20


def attach_documents(local: LocalRelease, published: PublishedRelease, destination: Destination, progress: Progress) -> list[str]:
    """Attach the documents beside the archive to the published release. Return a summary of each.

    A document about another archive is left out, with a warning. Raises PublishError if the destination refuses one.
    """
    return [
        attachment.name if destination.attach(published, attachment) else f"{destination.url} does not keep {attachment.name}"
        for attachment in _documents(local, progress)
    ]


def _documents(local: LocalRelease, progress: Progress) -> Iterator[Attachment]:
    for suffix, media_type in MEDIA_TYPES.items():
        path = local.artifact.path.with_suffix(suffix)
        try:
            with open_regular(path) as file:
                content = file.read(_MAX_SIZE + 1)
        except OSError:
            continue
        if len(content) <= _MAX_SIZE and local.artifact.sha256 in _described(content):
            yield Attachment(path.name, media_type, content)
        else:
            message = f"{path.name} is not about this archive, and is not published"
            progress.warning(Problem(message, "build the release again", code="TBX521"))


def _described(content: bytes) -> set[str]:
    """Return the digests of what a CycloneDX document or an in-toto statement is about."""
    try:
        value = parse_json(content)
    except ValueError:
        return set()
    match value:
        case {"metadata": {"component": {"hashes": [{"alg": "SHA-256", "content": str(digest)}]}}}:
            return {digest}
        case {"_type": str(), "subject": [*subjects]}:
            digests = [item["digest"] for item in subjects if isinstance(item, dict) and isinstance(item.get("digest"), dict)]
            return {digest["sha256"] for digest in digests if isinstance(digest.get("sha256"), str)}
        case _:
            return set()
