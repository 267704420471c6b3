"""Explain an import that fails because an environment variable or credentials are missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.discovery.diagnose.context import Context

PROVIDERS = (
    ("google", ("GOOGLE_APPLICATION_CREDENTIALS",), "~/.config/gcloud/application_default_credentials.json"),
    ("boto", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "~/.aws/credentials"),
    ("azure", ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"), "~/.azure"),
)
"""Beginning of the distribution's name, variables, and file or folder with credentials.

Sources: https://cloud.google.com/docs/authentication/application-default-credentials,
https://docs.aws.amazon.com/sdkref/latest/guide/file-location.html,
https://learn.microsoft.com/python/api/overview/azure/identity-readme
"""
CREDENTIAL = re.compile(r"CREDENTIAL|KEY|TOKEN|SECRET|PASSWORD|PROFILE", re.IGNORECASE)
SHOWN = 4


def variable_missing(context: Context, facts: Mapping[str, Any], place: Location | None) -> Problem | None:
    """The problem of a variable that the code reads and that is not set, None if the failure has another cause.

    The message of the error has to contain the variable's name, or the error has to be about credentials.
    """
    missing = facts["variables"]["missing"]
    text = facts["message"]
    named = [name for name in missing if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    if named:
        name = max(named, key=len)
        message = f"importing `{context.module}` needs the environment variable {name}, which is not set"
        return Problem(message, _pass_hint([name]), place or context.location, code="TBX309")
    if "Credential" not in facts["type"]:
        return None
    read = [name for name in missing if CREDENTIAL.search(name) and not name.startswith("TILEBOX_")]
    known, file = _provider(facts)
    names = [name for name in known if name in missing] or read[:SHOWN] or ["NAME"]
    message = (
        f"importing `{context.module}` asks for credentials: {facts['type']}: {context.paths.clean(text).partition(chr(10))[0]}"
    )
    hint = f"create the client in the task that uses it, not at import; or {_pass_hint(names)}"
    if file:
        hint += f";\nor it must have the file {file}, which the release does not contain"
    return Problem(message, hint, place or context.location, code="TBX309")


def _provider(facts: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Variables and file that give the credentials which the failing package asks for."""
    name = (facts["raised_in"] or ("", ""))[0]
    return next(((names, file) for start, names, file in PROVIDERS if name.startswith(start)), ((), ""))


def _pass_hint(names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return (
        f"pass it with `pass-environment = [{listed}]` {OPTIONS_PLACE}, or with `--env {names[0]}`: "
        "a build does not pass other variables.\n"
        "A release runner must have it, too: workers inherit it from the environment of the runner"
    )
