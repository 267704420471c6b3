"""Keys: from the environment, from the keyring, or typed. Never from a file of the project or an option."""

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
    """The key of the Tilebox API at `url`.

    It is the environment's, if the caller says that this one may go there, else the keyring's (kept as hatch does: the URL is the
    service), else what the user answers to `prompt`, which is None where nobody can be asked. Raises PublishError where there is
    none, or none that a header can hold.
    """
    shown = display_url(url)
    environment = os.environ.get(KEY_VARIABLE, "") if from_environment else ""
    key = environment or _from_keyring(url) or (prompt(f"Key for {shown}") if prompt else "")
    key = key.strip()
    if not key:
        keep = f"keep the key with: keyring set {shown} {KEYRING_USER}"
        if from_environment:
            raise PublishError(Problem(f"there is no key for {shown}", hint=f"set {KEY_VARIABLE}, or {keep}"))
        message = f"there is no key for {shown}, and {KEY_VARIABLE} is not sent there: the project chose this address, not you"
        hint = f"name it yourself, with --to {shown} or in hatch's configuration, to send {KEY_VARIABLE} there; or {keep}"
        raise PublishError(Problem(message, hint=hint))
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise PublishError(Problem(f"the key for {shown} has characters that are not allowed in a key", hint=f"set {KEY_VARIABLE}"))
    return key


def _from_keyring(url: str) -> str | None:
    try:
        import keyring

        return keyring.get_password(url, KEYRING_USER)
    except Exception:  # noqa: BLE001 -- not installed, or whatever a backend raises: no D-Bus, a locked or a broken store
        return None
