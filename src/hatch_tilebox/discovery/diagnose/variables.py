"""Why an import failed for want of an environment variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.errors import Location
    from hatch_tilebox.discovery.diagnose.context import Context

__all__ = ["variable_missing"]

LOGIN = re.compile(r"CREDENTIAL|KEY|TOKEN|SECRET|PASSWORD|PROFILE", re.IGNORECASE)
SHOWN = 4


def variable_missing(context: Context, facts: Mapping[str, Any], place: Location | None) -> Problem | None:
    """The problem where the code asked for a variable that is not set, and failed for it; None without evidence of that.

    Evidence is the variable's name in the error's message, or an error about credentials after a look for some.
    """
    missing = facts["variables"]["missing"]
    text = facts["message"]
    named = [name for name in missing if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    if named:
        name = max(named, key=len)
        message = f"importing `{context.module}` needs the environment variable {name}, which is not set"
        return Problem(message, _cure([name]), place or context.location)
    if "Credential" not in facts["type"]:
        return None
    looked_for = [name for name in missing if LOGIN.search(name) and not name.startswith("TILEBOX_")][:SHOWN]
    message = (
        f"importing `{context.module}` asks for credentials: {facts['type']}: {context.paths.clean(text).partition(chr(10))[0]}"
    )
    hint = f"make the client in the task that uses it, not at import; or {_cure(looked_for or ['NAME'])}"
    return Problem(message, hint, place or context.location)


def _cure(names: list[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return (
        f"let it through with `pass-environment = [{listed}]` or `--env {names[0]}`; a build passes nothing else on.\n"
        "A release runner must have it, too: it reaches workers through the runner's own environment"
    )
