"""How to install an extra of this package, in the way in which the package was installed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def install_command(extra: str, prefix: str = sys.prefix, arguments: Sequence[str] | None = None) -> str:
    """Return the command that adds `extra` to the environment in the folder `prefix`.

    `arguments` are those of this run, which a tool that runs packages without installing them has to repeat.
    """
    folder, package = Path(prefix), f'"hatch-tilebox[{extra}]"'
    if "archive-v" in folder.parent.name or "environments-v" in folder.parent.name:  # the cache of uv
        repeated = shlex.join(sys.argv[1:] if arguments is None else arguments)
        return f"uvx --from {package} hatch-tilebox {repeated}".rstrip()
    if (folder / "uv-receipt.toml").is_file():
        return f"uv tool install {package}"
    if (folder / "pipx_metadata.json").is_file():
        return f"pipx install --force {package}"
    return f"pip install {package}"
