"""`hatch-tilebox cache`: what builds keep on this machine."""

from __future__ import annotations

import click

from hatch_tilebox.cli.output import json_option, show_json, show_line
from hatch_tilebox.core.progress import format_size


@click.command(short_help="Show or clear what builds keep on this machine")
@click.option("--clear", is_flag=True, help="Drop everything that no running build uses.")
@json_option
def command(*, clear: bool, as_json: bool) -> None:
    """Show where the cache is and how much it holds: environments of workflows, and tasks found in files seen before.

    What no build used for 30 days goes by itself. HATCH_TILEBOX_CACHE_DIR names another folder.

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
    shared = f", of which clearing frees {format_size(info.freed)}: uv's cache has the rest" if info.freed < info.size else ""
    show_line(f"{info.path}: {held}{shared}")
