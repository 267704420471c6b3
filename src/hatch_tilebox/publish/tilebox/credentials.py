"""Keys of the Tilebox API: from the environment, the keyring or a prompt, never from a file of the project or an option."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, PublishError
from hatch_tilebox.core.urls import display_url

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_VARIABLE = "TILEBOX_API_KEY"
KEYRING_USER = "__token__"


def api_key(url: str, prompt: Callable[[str], str] | None, *, from_environment: bool = True) -> str:
    """Return the key of the Tilebox API at `url`.

    Looks at the environment (unless `from_environment` is False), then at the keyring (as hatch does, with the URL as the service),
    then asks with `prompt`, which is None if nobody can be asked. Raises PublishError if there is no key, or none that fits into a
    header.
    """
    shown = display_url(url)
    environment = os.environ.get(KEY_VARIABLE, "") if from_environment else ""
    key = environment or _from_keyring(url) or (prompt(f"Key for {shown}") if prompt else "")
    key = key.strip()
    if not key:
        keep = f"keep the key with: keyring set {shown} {KEYRING_USER}"
        if from_environment:
            raise PublishError(Problem(f"there is no key for {shown}", hint=f"set {KEY_VARIABLE}, or {keep}", code="TBX502"))
        message = f"there is no key for {shown}, and {KEY_VARIABLE} is not sent there: the project chose this address, not you"
        hint = f"name it yourself, with --to {shown} or in hatch's configuration, to send {KEY_VARIABLE} there; or {keep}"
        raise PublishError(Problem(message, hint=hint, code="TBX502"))
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise PublishError(
            Problem(f"the key for {shown} has characters that are not allowed in a key", hint=f"set {KEY_VARIABLE}", code="TBX502")
        )
    return key


def _from_keyring(url: str) -> str | None:
    try:
        import keyring

        return keyring.get_password(url, KEYRING_USER)
    except Exception:  # noqa: BLE001 -- it is optional, and backends raise anything: no D-Bus, a locked or broken store
        return None
