"""Checks the signature of a statement of provenance, without network. Importing this module needs the extra `sign`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.attestations.bundle import PAYLOAD_TYPE, Signer, bundle_path, invalid_signature, read_bundle
from hatch_tilebox.attestations.library import Bundle, ClientTrustConfig, UnsafeNoOp, Verifier, asn1, x509
from hatch_tilebox.attestations.statement import bound_provenance, provenance_path, read_statement
from hatch_tilebox.core.errors import ArchiveError, Location, Problem
from hatch_tilebox.core.paths import read_document

if TYPE_CHECKING:
    from pathlib import Path

_MAX_TRUST_SIZE = 2**20
# Source: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
_OIDS = "1.3.6.1.4.1.57264.1."
_ISSUER, _REPOSITORY, _COMMIT, _REF = "8", "12", "13", "14"


def check_signature(archive: Path, sha256: str, trust: Path | None = None) -> Signer | None:
    """Return who signed the statement about the archive with this digest, None if nobody did.

    `trust` is a file with the trust configuration of a private Sigstore. Raises ArchiveError if the signature is not valid, or the
    statement is missing, damaged or about another archive.
    """
    bundle = read_bundle(archive)
    if bundle is None:
        return None
    statement = read_statement(archive)
    if statement is None:
        raise invalid_signature(bundle_path(archive), f"{provenance_path(archive).name}, which it signs, is missing")
    bound_provenance(statement, archive, sha256)
    config = read_trust(trust, offline=True)
    try:
        return verify_bundle(bundle, statement, config)
    except ValueError as error:
        raise invalid_signature(bundle_path(archive), str(error)) from error


def verify_bundle(bundle: bytes, statement: bytes, trust: ClientTrustConfig) -> Signer:
    """Return who signed exactly this statement. Raises ValueError if that cannot be proved."""
    try:
        found = Bundle.from_json(bundle)
        # Everybody may sign: who it was is the result, and what is asked for is decided by the caller.
        payload_type, payload = Verifier(trusted_root=trust.trusted_root).verify_dsse(found, UnsafeNoOp())
        signer = _signer(found.signing_certificate)
    except Exception as error:  # the library lets errors of its parsers through
        raise ValueError(str(error) or type(error).__name__) from error
    if (payload_type, payload) != (PAYLOAD_TYPE, statement):
        msg = "it signs another statement"
        raise ValueError(msg)
    return signer


def read_trust(path: Path | None, *, offline: bool) -> ClientTrustConfig:
    """Return the trust configuration in a file, by default that of the public Sigstore. Raises ArchiveError.

    With `offline`, that of the public Sigstore is the one that was downloaded last, or that of the library's release.
    """
    try:
        if path is None:
            return ClientTrustConfig.production(offline=offline)
        content = read_document(path, _MAX_TRUST_SIZE) or b""
        config = ClientTrustConfig.from_json(content.decode())
        config.trusted_root.get_fulcio_certs()
    except Exception as error:  # the library lets errors of its parsers and of the network through
        cause = str(error.__cause__ or error).partition("\n")[0]
        hint = "it must be a Sigstore ClientTrustConfig as JSON: the services and the keys of one Sigstore" if path else None
        message = f"the trust configuration of Sigstore cannot be {'read' if path or offline else 'downloaded'}: {cause}"
        raise ArchiveError(Problem(message, hint, Location(str(path)) if path else None, code="TBX413")) from error
    return config


def _signer(certificate: x509.Certificate) -> Signer:
    """Return what a checked certificate says. Raises ValueError if it has no identity or no issuer."""
    (name,) = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    identity = asn1.decode_der(str, name.value) if isinstance(name, x509.OtherName) else str(name.value)
    issuer = _extension(certificate, _ISSUER)
    if issuer is None:
        msg = "its certificate names no issuer"
        raise ValueError(msg)
    return Signer(
        identity, issuer, _extension(certificate, _REPOSITORY), _extension(certificate, _REF), _extension(certificate, _COMMIT)
    )


def _extension(certificate: x509.Certificate, number: str) -> str | None:
    try:
        value = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(_OIDS + number)).value
    except x509.ExtensionNotFound:
        return None
    if not isinstance(value, x509.UnrecognizedExtension):
        return None
    text: str = asn1.decode_der(str, value.value)
    return text
