"""The command line, an extra: `pip install "hatch-tilebox[cli]"`."""

from __future__ import annotations

import errno
import io
import os
import sys

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells."""
COMPLETION_VARIABLE = "_HATCH_TILEBOX_COMPLETE"
"""Set by the completion script of a shell when it asks what to complete."""


def main() -> None:
    """Run `hatch-tilebox` and exit with 0 (done), 1 (failed), 2 (usage) or 3 (incompatible)."""
    # These two without click, whose import takes longer than the start of Python.
    if sys.argv[1:] in (["-V"], ["--version"]):
        from hatch_tilebox import __version__

        _print(f"hatch-tilebox, version {__version__}\n")
        return
    if sys.argv[1:] in (["-h"], ["--help"], ["help"]):
        from hatch_tilebox.cli.group_help import group_help, terminal_columns

        _print(group_help(terminal_columns()))
        return
    from hatch_tilebox.core.errors import TileboxError
    from hatch_tilebox.core.extras import extra

    try:
        with extra("cli", "the command line"):
            if COMPLETION_VARIABLE not in os.environ:
                import rich  # noqa: F401 -- the commands import it later

            from hatch_tilebox.cli.app import app
    except TileboxError as error:
        from hatch_tilebox.core.diagnostics import diagnostic, plain_text

        sys.exit(plain_text(diagnostic(error.problems[0], "error")))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    _never_fail_to_encode()
    app(prog_name="hatch-tilebox")


def _print(text: str) -> None:
    """Print a text of ASCII characters on stdout. As with click, a closed pipe ends the process with 1 and without a message."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python writes the rest at its end
        sys.exit(1 if error.errno == errno.EPIPE else f"error: the system refuses this: {error.strerror}")


def _never_fail_to_encode() -> None:
    """Write characters that the encoding of stdout or stderr does not have as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
