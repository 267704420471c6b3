"""Documents beside the archive of a release that are published with it: its SBOM, and its provenance with the signature."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from hatch_tilebox.archive.sbom import bound_sbom
from hatch_tilebox.attestations.bundle import BUNDLE_TYPE, PAYLOAD_TYPE, signed_statement
from hatch_tilebox.core.constants import PROVENANCE_SUFFIX, SBOM_SUFFIX, SIGNATURE_SUFFIX
from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import open_regular
from hatch_tilebox.plugins.destination import MAX_ATTACHMENT, Attachment
from hatch_tilebox.publish.files import holds, new_file, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hatch_tilebox.archive.sbom import Sbom
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.plugins.destination import Destination, LocalRelease, PublishedRelease

MEDIA_TYPES = {SBOM_SUFFIX: "application/vnd.cyclonedx+json", PROVENANCE_SUFFIX: PAYLOAD_TYPE, SIGNATURE_SUFFIX: BUNDLE_TYPE}
"""The documents by the end of their names. The statement comes before its signature."""
_LOOKED_AT = 10
"""SBOMs of a release that are looked at: others may have attached theirs."""


def attach_documents(local: LocalRelease, published: PublishedRelease, destination: Destination, progress: Progress) -> list[str]:
    """Attach the documents beside the archive to the published release. Return a summary of each.

    A document about another archive is left out, with a warning. Raises PublishError if the destination refuses one.
    """
    return [
        attachment.name if destination.attach(published, attachment) else f"{destination.url} does not keep {attachment.name}"
        for attachment in _documents(local, progress)
    ]


def fetch_documents(
    destination: Destination, release: PublishedRelease, local: LocalRelease, progress: Progress
) -> tuple[Path, ...]:
    """Write the documents that the destination keeps with a release beside its archive. Return their paths.

    A document about another archive is left out, with a warning; so is one whose name another file has, which stays. So is the
    signature of a statement that is left out. Raises PublishError if the destination cannot be read or the folder not be written.
    """
    written: list[Path] = []
    for suffix, content in _fetched(destination, release, local, progress).items():
        path = local.artifact.path.with_suffix(suffix)
        if suffix == SIGNATURE_SUFFIX and local.artifact.path.with_suffix(PROVENANCE_SUFFIX) not in written:
            continue
        try:
            same = holds(path, content)
        except FileNotFoundError:
            with new_file(path, path.parent) as file:
                file.write(content)
        except OSError as error:
            raise PublishError(Problem(f"{path} cannot be read: {error.strerror}", code="TBX106")) from error
        else:
            if not same:
                message = f"{path} is another document than the one at {destination.url}; it is not changed"
                progress.warning(Problem(message, "name another folder with --to", code="TBX516"))
                continue
        written.append(path)
    return tuple(written)


def published_sbom(destination: Destination, release: PublishedRelease) -> Sbom | None:
    """Return the SBOM that the destination keeps with a release, None without one.

    Raises ArchiveError if it cannot be used or is about another archive.
    """
    content = None
    for attachment in islice(destination.attachments(release, [MEDIA_TYPES[SBOM_SUFFIX]]), _LOOKED_AT):
        if content is None or release.digest in _described(attachment.content):
            content = attachment.content
    return None if content is None else bound_sbom(content, release.digest, release.url)


def _fetched(destination: Destination, release: PublishedRelease, local: LocalRelease, progress: Progress) -> dict[str, bytes]:
    """Return the documents about the archive by their suffixes, in the order of MEDIA_TYPES."""
    offered: dict[str, list[bytes]] = {}
    size = 0
    for attachment in destination.attachments(release, MEDIA_TYPES.values()):
        size += len(attachment.content)
        if size > MAX_ATTACHMENT:
            message = f"{destination.url} has more than {MAX_ATTACHMENT // 2**20} MiB of documents about the release"
            progress.warning(Problem(message, "some are left out", code="TBX513"))
            break
        offered.setdefault(attachment.media_type, []).append(attachment.content)
    found: dict[str, bytes] = {}
    signed = {_signed(bundle) for bundle in offered.get(BUNDLE_TYPE, [])}
    for suffix, media_type in MEDIA_TYPES.items():
        # Of two statements, the signed one.
        contents = sorted(offered.get(media_type, []), key=lambda content: content not in signed)
        if about := [content for content in contents if _is_about(local, suffix, content, found)]:
            found[suffix] = about[0]
        elif contents:
            message = f"{local.artifact.path.with_suffix(suffix).name} at {destination.url} is not about this archive"
            progress.warning(Problem(message, "it is left out; publish the release with its documents again", code="TBX521"))
    return found


def read_attachment(path: Path) -> Attachment | None:
    """Return the document in a file, None if its name has not the suffix of one. Raises PublishError if it cannot be read."""
    media_type = next((media_type for suffix, media_type in MEDIA_TYPES.items() if path.name.endswith(suffix)), None)
    if media_type is None:
        return None
    with reading(path) as file:
        return Attachment(path.name, media_type, file.read(MAX_ATTACHMENT + 1))


def _documents(local: LocalRelease, progress: Progress) -> Iterator[Attachment]:
    found: dict[str, bytes] = {}
    for suffix, media_type in MEDIA_TYPES.items():
        path = local.artifact.path.with_suffix(suffix)
        try:
            with open_regular(path) as file:
                content = file.read(MAX_ATTACHMENT + 1)
        except OSError:
            continue
        if len(content) <= MAX_ATTACHMENT and _is_about(local, suffix, content, found):
            found[suffix] = content
            yield Attachment(path.name, media_type, content)
        else:
            message = f"{path.name} is not about this archive, and is not published"
            hint = "sign it again: hatch-tilebox sign" if suffix == SIGNATURE_SUFFIX else "build the release again"
            progress.warning(Problem(message, hint, code="TBX521"))


def _is_about(local: LocalRelease, suffix: str, content: bytes, found: Mapping[str, bytes]) -> bool:
    """Whether a document is about the archive. A signature must be of the statement in `found`, the documents before it."""
    if suffix == SIGNATURE_SUFFIX:
        return _signed(content) == found.get(PROVENANCE_SUFFIX)
    return local.artifact.sha256 in _described(content)


def _signed(bundle: bytes) -> bytes:
    """Return the statement in a bundle, empty if there is none."""
    try:
        return signed_statement(bundle)
    except ValueError:
        return b""


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
