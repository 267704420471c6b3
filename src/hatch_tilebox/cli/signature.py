"""What commands say about who signed a release."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hatch_tilebox.attestations.bundle import Signer
    from hatch_tilebox.core.errors import Problem
    from hatch_tilebox.core.progress import Progress


@dataclass(frozen=True)
class Signature:
    """Who signed a release, None if nobody did or it was not checked. `text` says so, empty if there is nothing to sign."""

    signer: Signer | None
    text: str


def signature_of(archive: Path, digest: Callable[[], str], trust: Path | None, progress: Progress) -> Signature:
    """Return who signed the statement about the archive. Raises ArchiveError for a signature that is not valid.

    `digest` returns the SHA-256 of the archive. Without the extra that checks signatures, it warns.
    """
    from hatch_tilebox.attestations.bundle import bundle_path
    from hatch_tilebox.attestations.statement import provenance_path
    from hatch_tilebox.core.errors import TileboxError

    if not bundle_path(archive).exists():
        return Signature(None, "unsigned" if provenance_path(archive).exists() else "")
    try:
        from hatch_tilebox.attestations.signature import check_signature
    except TileboxError as error:  # the extra is missing
        for problem in error.problems:
            progress.warning(problem)
        return Signature(None, "the signature is not checked")
    signer = check_signature(archive, digest(), trust)
    return Signature(signer, signed_by(signer)) if signer else Signature(None, "unsigned")


def checked_signature(archive: Path, trust: Path | None, progress: Progress) -> tuple[Signature, tuple[Problem, ...]]:
    """Return the same for an archive that is not read yet, and the problems of a signature that is not valid."""
    from hatch_tilebox.core.errors import ArchiveError
    from hatch_tilebox.core.files import file_digest

    try:
        return signature_of(archive, partial(file_digest, archive), trust, progress), ()
    except ArchiveError as error:
        return Signature(None, ""), error.problems


def signed_by(signer: Signer) -> str:
    """Return who signed, as text."""
    return f"signed by {signer.identity} (issuer {signer.issuer})"
