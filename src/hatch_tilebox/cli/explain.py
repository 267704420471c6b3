"""`hatch-tilebox explain`: explain the code of an error or warning."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from hatch_tilebox.cli.options import json_option
from hatch_tilebox.cli.output import show_json, show_line

if TYPE_CHECKING:
    from hatch_tilebox.codes.registry import Code


@click.command()
@click.argument("code", required=False)
@json_option
def command(code: str | None, *, as_json: bool) -> None:
    """Print what the CODE of an error or warning means, and how to fix it. Without CODE, list all codes.

    This needs no network and no project.

    Example: hatch-tilebox explain TBX012
    """
    from hatch_tilebox.codes.registry import all_codes, find_code

    found = all_codes() if code is None else (find_code(code),)
    codes = [item for item in found if item is not None]
    if not codes:
        message = f"there is no code {code!r}; hatch-tilebox explain lists all codes"
        raise click.BadParameter(message, param_hint="CODE")
    if as_json:
        keys = ("title", "explanation", "fix", "group")
        show_json({"codes": [{"code": item.name, **{key: getattr(item, key) for key in keys}} for item in codes]})
    elif code is None:
        _show_list(codes)
    else:
        _show(codes[0])


def _show_list(codes: list[Code]) -> None:
    for number, (group, members) in enumerate(groupby(codes, key=lambda code: code.group)):
        for line in (*([""] if number else []), group, *(f"  {code.name}  {code.title}" for code in members)):
            show_line(line)


def _show(code: Code) -> None:
    from hatch_tilebox.cli.console import show_text
    from hatch_tilebox.cli.safe_console import SafeConsole

    console = SafeConsole()
    console.show(f"{code.name}: {code.title}")
    for paragraph in f"{code.explanation}\n\nFix: {code.fix}".split("\n\n"):
        console.print()
        show_text(paragraph, console, indent=0)
