"""Imports from the extras of this package, and how to install an extra in the way in which the package was installed."""

from __future__ import annotations

import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, TileboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PACKAGE = __name__.partition(".")[0]
_CODES = {"publish": "TBX509", "sign": "TBX412"}


@contextmanager
def extra(name: str, purpose: str) -> Iterator[None]:
    """Raise a TileboxError with the command that installs an extra if the imports of the block miss a module.

    `purpose` is what needs the extra: "checking the input".
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or _PACKAGE).partition(".")[0]
        if missing == _PACKAGE:  # a bug of hatch-tilebox
            raise
        message = f"{purpose} needs the module {missing}, which is not installed"
        # Without `cli`, a command that replaces the environment would lose the command line.
        hint = install_command("cli" if name == "cli" else f"cli,{name}")
        raise TileboxError(Problem(message, hint, code=_CODES.get(name, "TBX902"))) from None


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
