"""The help of the group of commands, written without click: importing click takes three times as long as starting Python.

It looks as the help that click writes for commands.
"""

from __future__ import annotations

import os
import sys
from textwrap import wrap

GROUPS = {
    "Project": {
        "init": "Create a new workflow project",
        "adopt": "Add hatch-tilebox to a project",
        "check": "Check a project without running its code",
        "files": "Show the files of the release, or the rule that decides about one",
        "projects": "List the workflow projects of a repository",
        "build": "Build the release of a workflow project",
    },
    "Release": {
        "inspect": "Show the manifest of a release",
        "verify": "Check that a release is complete and starts",
        "sign": "Sign the provenance of a release",
        "diff": "Compare two releases",
        "run": "Try a task of a release on this machine",
        "report": "Show a release, a run or the changes between releases in a browser",
        "extract": "Unpack a release into a folder",
    },
    "Publish": {
        "publish": "Publish a built release",
        "fetch": "Fetch a published release",
        "releases": "List published releases",
        "deploy": "Deploy a published release to clusters",
        "promote": "Deploy the release of one cluster to others",
        "rollback": "Deploy the release that ran before",
        "undeploy": "Remove a release from clusters",
        "clusters": "List clusters and what runs on them",
        "unpublish": "Remove a published release",
    },
    "Machine": {
        "cache": "Show or clear the build cache of this machine",
        "completion": "Print the completion script of a shell",
        "explain": "Explain the code of an error or warning",
        "schema": "Print a JSON Schema",
    },
}

COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}

ABOUT = ("Turn Tilebox workflow projects into releases.", "The options below are accepted before and after a command.")
EPILOG = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 incompatible with the release before, 130 interrupted."
MAX_WIDTH = 100

_MIN_WIDTH = 50
_USAGE = "Usage: hatch-tilebox [OPTIONS] COMMAND [ARGS]..."
OPTIONS = {
    "-C DIRECTORY": "Change to this folder first.",
    "--color [auto|always|never]": "Whether output has colours.  [default: auto; env: NO_COLOR, FORCE_COLOR]",
    "-q, --quiet": "Print less; twice: only errors.",
    "-v, --verbose": "Print more; twice: also the output of uv.",
    "-V, --version": "Show the version and exit.",
    "-h, --help": "Show this message and exit.",
}


def group_help(columns: int) -> str:
    """Return what `hatch-tilebox --help` prints on a terminal with this many columns."""
    width = max(min(columns, MAX_WIDTH) - 2, _MIN_WIDTH)
    lines = [_USAGE, ""]
    for paragraph in ABOUT:
        lines += [*_paragraph(paragraph, width), ""]
    for title, rows in (("Options", OPTIONS), *GROUPS.items()):
        first = max(map(len, OPTIONS if rows is OPTIONS else COMMANDS)) + 2
        lines.append(f"{title}:")
        for name, text in rows.items():
            start, *rest = _wrapped(text, width - first - 2)
            lines += [f"  {name:{first}}{start}", *(f"  {'':{first}}{line}" for line in rest)]
        lines.append("")
    return "\n".join([*lines, *_paragraph(EPILOG, width), ""])


def terminal_columns() -> int:
    """Return the width of the terminal as `shutil.get_terminal_size` does, whose module takes longer to import than the help."""
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
        except (OSError, ValueError):
            columns = 0
    return columns or 80


def _paragraph(text: str, width: int) -> list[str]:
    return [f"  {line}" for line in _wrapped(text, width - 2)]


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(text, width, replace_whitespace=False)
