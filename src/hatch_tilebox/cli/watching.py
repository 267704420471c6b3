"""`hatch-tilebox run --watch`: run again after each edit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hatch_tilebox.cli.console import show_errors
from hatch_tilebox.core.errors import TileboxError
from hatch_tilebox.project.find import find_project
from hatch_tilebox.project.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.core.progress import Progress

_SHOWN = 3


def keep_running(run_once: Callable[[], object], progress: Progress) -> NoReturn:
    """Call `run_once`, and again whenever a file changes that the release of the current project is made from.

    An error of the user is shown and does not end this; Ctrl-C does. A change during a run is seen after it.
    """
    watch = Watch(find_project(Path.cwd()))
    while True:
        try:
            run_once()
        except TileboxError as error:
            show_errors(error.problems)
        progress.result("Watching", f"{watch.count} files, until Ctrl-C")
        changed = watch.wait()
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        progress.result("Changed", f"{', '.join(changed[:_SHOWN])}{more}")
