"""`hatch-tilebox cache`: show or clear the build cache of this machine."""

from __future__ import annotations

import click

from hatch_tilebox.cli.options import json_option
from hatch_tilebox.cli.output import show_json, show_line
from hatch_tilebox.core.progress import format_size


@click.command()
@click.option("--clear", is_flag=True, help="Delete everything that no running build uses.")
@json_option
def command(*, clear: bool, as_json: bool) -> None:
    """Show the path and the size of the cache. It has environments of workflows, and the tasks of files that were built before.

    Entries that no build uses for 30 days are deleted automatically. HATCH_TILEBOX_CACHE_DIR sets another folder.

    Example: hatch-tilebox cache --clear
    """
    from hatch_tilebox.discovery.cache import cache_info, clear_cache

    freed = clear_cache() if clear else 0
    info = cache_info()
    if as_json:
        result = {"path": str(info.path), "size": info.size, "environments": info.environments, "results": info.results}
        show_json({**result, "freed": freed} if clear else result)
        return
    if clear:
        show_line(f"Freed {format_size(freed)}")
    held = f"{info.environments} environments, {info.results} results, {format_size(info.size)}"
    shared = f", of which --clear frees {format_size(info.freed)}: uv's cache shares the rest" if info.freed < info.size else ""
    show_line(f"{info.path}: {held}{shared}")
