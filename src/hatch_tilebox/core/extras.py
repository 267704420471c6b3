"""Imports from the extras of this package, and how to install an extra in the way in which the package was installed."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, TileboxError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_PACKAGE = __name__.partition(".")[0]
_CODES = {"publish": "TBX509", "sign": "TBX412"}


class Extra:
    """A context for imports from an extra. Raises a TileboxError with the command that installs it if a module is missing.

    `purpose` is what needs the extra: "checking the input".
    """

    def __init__(self, name: str, purpose: str) -> None:
        self._name = name
        self._purpose = purpose

    def __enter__(self) -> None:
        """Begin the imports."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if not isinstance(error, ModuleNotFoundError) or not error.name:
            return
        missing = error.name.partition(".")[0]
        if missing == _PACKAGE:  # a bug of hatch-tilebox
            return
        message = f"{self._purpose} needs the module {missing}, which is not installed"
        # Without `cli`, a command that replaces the environment would lose the command line.
        hint = install_command("cli" if self._name == "cli" else f"cli,{self._name}")
        raise TileboxError(Problem(message, hint, code=_CODES.get(self._name, "TBX902"))) from None


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
