"""The command line, an extra: `pip install "hatch-tilebox[cli]"`."""

from __future__ import annotations

import io
import sys

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells."""
COMPLETION_VARIABLE = "_HATCH_TILEBOX_COMPLETE"
"""Set by the completion script of a shell when it asks what to complete."""


def main() -> None:
    """Run `hatch-tilebox` and exit with 0 (done), 1 (failed), 2 (usage) or 3 (incompatible)."""
    if sys.argv[1:] in (["-V"], ["--version"]):  # without click, whose import takes longer than the start of Python
        from hatch_tilebox import __version__

        sys.stdout.write(f"hatch-tilebox, version {__version__}\n")
        return
    try:
        from hatch_tilebox.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in {"click", "rich"}:
            raise
        from hatch_tilebox.core.extras import install_command

        sys.exit(f"error: the command line needs {error.name}, which is not installed\nhelp: {install_command('cli')}")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    _never_fail_to_encode()
    app(prog_name="hatch-tilebox")


def _never_fail_to_encode() -> None:
    """Write characters that the encoding of stdout or stderr does not have as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
