"""The signature of a statement: a Sigstore bundle in a file beside it.

Source: https://docs.sigstore.dev/about/bundle/
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.attestations.statement import MAX_SIZE
from hatch_tilebox.core.constants import SIGNATURE_SUFFIX
from hatch_tilebox.core.errors import ArchiveError, Location, Problem
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import read_document

if TYPE_CHECKING:
    from pathlib import Path

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_BUNDLE_SIZE = 2 * MAX_SIZE
"""The largest bundle that is read, in bytes. It contains the statement in base64."""


@dataclass(frozen=True)
class Signer:
    """Who signed, as the certificate says.

    `identity` is an email address, or the URL of a workflow in a CI service; `issuer` is the URL of the service that knows it.
    `repository`, `ref` and `commit` are where a workflow ran, if the issuer says so.
    """

    identity: str
    issuer: str
    repository: str | None = None
    ref: str | None = None
    commit: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Return the values as JSON."""
        return asdict(self)


def bundle_path(archive: Path) -> Path:
    """Return the path of the signature of the statement about the release in the file `archive`."""
    return archive.with_suffix(SIGNATURE_SUFFIX)


def read_bundle(archive: Path) -> bytes | None:
    """Return the content of the bundle beside an archive, None if there is none. Raises ArchiveError if it cannot be read."""
    path = bundle_path(archive)
    try:
        return read_document(path, MAX_BUNDLE_SIZE)
    except ValueError as error:
        raise invalid_signature(path, f"it cannot be read: {error}") from error


def signed_statement(bundle: bytes) -> bytes:
    """Return the statement in a bundle, without a check of its signature. Raises ValueError if there is none."""
    match parse_json(bundle):
        case {"mediaType": str() as media_type, "dsseEnvelope": {"payload": str() as payload}} if media_type == BUNDLE_TYPE:
            return base64.b64decode(payload, validate=True)
        case _:
            msg = f"it is not of the type {BUNDLE_TYPE}"
            raise ValueError(msg)


def invalid_signature(path: Path, cause: str) -> ArchiveError:
    """Return the error for a bundle in the file `path` that proves nothing."""
    hint = "fetch the release again, or sign it again: hatch-tilebox sign\nfor a private Sigstore, use --trust-config"
    return ArchiveError(Problem(f"the signature is not valid: {cause}", hint, Location(str(path)), code="TBX410"))
