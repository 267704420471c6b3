"""The library of the extra `sign`. Importing this module raises ArchiveError without it."""

from __future__ import annotations

import logging

from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.extras import install_command

try:
    from cryptography import x509
    from cryptography.hazmat import asn1
    from sigstore.dsse import Statement
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.oidc import IdentityError, IdentityToken, Issuer, detect_credential
    from sigstore.sign import SigningContext
    from sigstore.verify import Verifier
    from sigstore.verify.policy import UnsafeNoOp
except ModuleNotFoundError as error:
    message = f"signing a statement and checking its signature need {error.name}, which is not installed"
    raise ArchiveError(Problem(message, install_command("cli,sign"), code="TBX412")) from None

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
