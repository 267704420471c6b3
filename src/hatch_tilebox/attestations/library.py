"""The libraries of the extra `sign`. Importing this module raises a TileboxError if one is missing."""

from __future__ import annotations

import logging

from hatch_tilebox.core.extras import extra

with extra("sign", "signing a statement and checking its signature"):
    from cryptography import x509
    from cryptography.hazmat import asn1
    from sigstore.dsse import Statement
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.oidc import IdentityError, IdentityToken, Issuer, detect_credential
    from sigstore.sign import SigningContext
    from sigstore.verify import Verifier
    from sigstore.verify.policy import UnsafeNoOp

# Its warnings are for its own command line.
logging.getLogger("sigstore").addHandler(logging.NullHandler())

__all__ = [
    "Bundle",
    "ClientTrustConfig",
    "IdentityError",
    "IdentityToken",
    "Issuer",
    "SigningContext",
    "Statement",
    "UnsafeNoOp",
    "Verifier",
    "asn1",
    "detect_credential",
    "x509",
]
