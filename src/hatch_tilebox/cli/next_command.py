"""The next command to type. Commands that take a project one step further end with it, for people at a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.options import FOLDER_KEY

if TYPE_CHECKING:
    from os import PathLike

_NEXT = {
    "init": "{cd}hatch-tilebox run scene_id=S2A cloud_cover=0.1",
    "adopt": "{cd}hatch-tilebox build",
    "adopt without a lock": "{cd}uv lock && hatch-tilebox build",
    "check": "hatch-tilebox{here} build",
    "build": "hatch-tilebox{here} run{file}, or hatch-tilebox{here} publish{file}",
    "verify": "hatch-tilebox{here} publish{file}",
    "sign": "hatch-tilebox{here} publish{file}",
    "run": "hatch-tilebox{here} publish{file}",
    "publish": "hatch-tilebox{here} deploy{to}{release}{workflow}",
    "publish to a registry": "hatch-tilebox{here} releases{url}",
    "publish and deploy": "hatch-tilebox{here} clusters{url}",
    "fetch": "hatch-tilebox{here} verify{file}",
    "deploy": "hatch-tilebox{here} clusters{url}",
    "promote": "hatch-tilebox{here} clusters{url}",
    "rollback": "hatch-tilebox{here} clusters{url}",
    "undeploy": "hatch-tilebox{here} releases{url}",
    "unpublish": "hatch-tilebox{here} releases{url}",
}
"""The next command by the one that succeeded. Commands that only show something are left out."""


def show_next(
    done: str,
    *,
    project: Path | None = None,
    file: PathLike[str] | None = None,
    to: str | None = None,
    release: str | None = None,
    workflow: str | None = None,
) -> None:
    """Print what follows `done`, a key of the table: not in a pipe, nor with `-q`, `--json` or another format.

    `project` is the folder, `file` the release and `to` the destination that the user named. No `release` is the latest one.
    """
    params = click.get_current_context().params
    if params.get("quiet") or params.get("as_json") or params.get("output_format", "text") != "text":
        return
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return
    from hatch_tilebox.cli.safe_console import SafeConsole

    folder = Path(click.get_current_context().meta.get(FOLDER_KEY, ""), project or "")
    elsewhere = folder if folder != Path() else None
    line = _NEXT[done].format(
        cd=f"{_word('cd', elsewhere)} && ".lstrip() if elsewhere else "",
        here=_word("-C", elsewhere),
        file=_word("", file),
        url=_word("", to),
        to=_word("--to", to),
        release=_word("--release", release) or " --latest",
        workflow=_word("--workflow", workflow),
    )
    SafeConsole(stderr=True).show((f"Next: {line}", "dim"))


def _word(before: str, value: PathLike[str] | str | None) -> str:
    """Return the value as a word of a shell, after a space and the word `before`; "" without a value."""
    from shlex import quote

    return "".join(f" {word}" for word in (before, quote(str(value))) if word) if value else ""
