"""The command line, an extra: `pip install "hatch-tilebox[cli]"`."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of `hatch-tilebox`: ends the process with 0 (done), 1 (failed), 2 (usage) or 3 (incompatible)."""
    try:
        from hatch_tilebox.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in {"click", "rich"}:
            raise
        sys.exit(f'hatch-tilebox: the command line needs {error.name}: pip install "hatch-tilebox[cli]"')
    app(prog_name="hatch-tilebox")
