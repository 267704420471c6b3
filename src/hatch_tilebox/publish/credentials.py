"""Keys: from the environment, from the keyring, or typed. Never from a file of the project or an option."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hatch_tilebox.errors import Problem, PublishError

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_VARIABLE = "TILEBOX_API_KEY"
KEYRING_USER = "__token__"


def api_key(url: str, prompt: Callable[[str], str] | None) -> str:
    """The key of the Tilebox API at `url`.

    It is the environment's, else the keyring's (kept as hatch does: the URL is the service), else what the user answers to
    `prompt`, which is None where nobody can be asked. Raises PublishError where there is none, or none that a header can hold.
    """
    key = os.environ.get(KEY_VARIABLE) or _from_keyring(url) or (prompt(f"Key for {url}") if prompt else "")
    key = key.strip()
    if not key:
        hint = f"set {KEY_VARIABLE}, or keep the key with: keyring set {url} {KEYRING_USER}"
        raise PublishError(Problem(f"no key for {url}", hint=hint))
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise PublishError(Problem(f"the key for {url} holds characters that no key has", hint=f"set {KEY_VARIABLE} again"))
    return key


def _from_keyring(url: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        return None
    try:
        return keyring.get_password(url, KEYRING_USER)
    except KeyringError:
        return None
