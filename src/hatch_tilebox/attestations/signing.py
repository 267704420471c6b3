"""Signs the statement about a release with the identity of a CI job or a person. Importing this module needs the extra `sign`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.attestations.bundle import bundle_path
from hatch_tilebox.attestations.library import (
    IdentityError,
    IdentityToken,
    Issuer,
    SigningContext,
    Statement,
    detect_credential,
)
from hatch_tilebox.attestations.signature import read_trust, verify_bundle
from hatch_tilebox.attestations.statement import bound_provenance, read_statement
from hatch_tilebox.core.errors import ArchiveError, Problem
from hatch_tilebox.core.files import file_digest, whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.attestations.bundle import Signer

TOKEN_VARIABLE = "SIGSTORE_ID_TOKEN"  # noqa: S105 -- its name
_NO_IDENTITY = f"""\
on GitHub, give the job the permission `id-token: write`
on GitLab, give the job `id_tokens: {{ {TOKEN_VARIABLE}: {{ aud: sigstore }} }}`
in another CI service, set {TOKEN_VARIABLE} to an OIDC token for the audience sigstore
on your own machine, log in with a browser: --login"""


def sign_release(archive: Path, *, trust: Path | None, login: bool, environ: Mapping[str, str]) -> Signer:
    """Sign the statement beside an archive, write the bundle beside it, and return who signed.

    The identity is that of the CI job; with `login`, that of a person who logs in with a browser. `trust` is a file with the trust
    configuration of a private Sigstore. Raises ArchiveError.
    """
    content = read_statement(archive)
    if content is None:
        message = f"{archive.name} has no statement of provenance to sign"
        raise ArchiveError(Problem(message, "build it with the option provenance", code="TBX411"))
    bound_provenance(content, archive, file_digest(archive))
    token = None if login else _token_of_job(environ)
    config = read_trust(trust, offline=False)
    try:
        identity = Issuer(config.signing_config.get_oidc_url()).identity_token() if token is None else IdentityToken(token)
        with SigningContext.from_trust_config(config).signer(identity) as signer:
            bundle = signer.sign_dsse(Statement(content)).to_json().encode()
        who = verify_bundle(bundle, content, config)
    except Exception as error:  # the library lets errors of its parsers and of the network through
        message = f"Sigstore does not sign the statement: {error.__cause__ or str(error) or type(error).__name__}"
        raise ArchiveError(Problem(message, "try it again; an identity token is valid for a few minutes", code="TBX411")) from error
    with whole_file(bundle_path(archive)) as file:
        file.write(bundle)
    return who


def _token_of_job(environ: Mapping[str, str]) -> str:
    """Return the OIDC token of the CI job. Raises ArchiveError without one."""
    try:
        token: str | None = environ.get(TOKEN_VARIABLE) or detect_credential()
        if token:
            return token
        cause = "this is not a job of a CI service"
    except IdentityError as error:
        cause = str(error)
    raise ArchiveError(Problem(f"there is no identity to sign with: {cause}", _NO_IDENTITY, code="TBX411"))
