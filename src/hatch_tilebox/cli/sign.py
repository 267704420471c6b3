"""`hatch-tilebox sign`: sign the provenance of a release."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.current_project import named_or_project
from hatch_tilebox.cli.next_command import show_next
from hatch_tilebox.cli.options import output_options, release_argument, trust_option
from hatch_tilebox.cli.signature import signed_by

if TYPE_CHECKING:
    from pathlib import Path

    from hatch_tilebox.cli.output import Output


@click.command()
@release_argument
@click.option("--login", is_flag=True, help="Log in with a browser, instead of using the identity of the CI job.")
@trust_option
@output_options
def command(file: Path | None, *, login: bool, trust_config: Path | None, output: Output) -> None:
    """Sign the statement of provenance beside FILE with Sigstore, and write the signature beside it.

    Without FILE, the release of the project in the current folder, built if it is out of date.

    The identity is that of the CI job. A job on GitHub needs the permission `id-token: write`. Sigstore publishes the
    identity in a log that everybody can read. The signature proves who made the statement, and that nobody changed it.

    Example: hatch-tilebox sign dist/scene_qa-1.2.0.tbrelease
    """
    from hatch_tilebox.attestations.bundle import bundle_path
    from hatch_tilebox.attestations.signing import sign_release

    with output.progress() as progress:
        path = named_or_project(file, progress)
        progress.started("Signing")
        signer = sign_release(path, trust=trust_config, login=login, environ=os.environ)
        progress.finished(signed_by(signer))
    output.show({"path": str(bundle_path(path)), "signer": signer.to_dict()}, bundle_path(path))
    show_next("sign", file=file)
