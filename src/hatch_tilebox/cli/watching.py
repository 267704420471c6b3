"""`hatch-tilebox run --watch`: run again after each edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from hatch_tilebox.archive.reader import read_manifest
from hatch_tilebox.cli.console import show_errors
from hatch_tilebox.core.errors import TileboxError
from hatch_tilebox.core.short_forms import short_list
from hatch_tilebox.local_run.execution import run_files, run_task
from hatch_tilebox.project.freshness import edited_release
from hatch_tilebox.project.releases import fresh_release
from hatch_tilebox.project.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.local_run.execution import RunResult, TaskCall, Watcher

    Show = Callable[[Callable[[Progress, Watcher], RunResult]], object]
    """A function that calls the function which it gets, and shows its result."""

_SHOWN = 3


@dataclass
class TaskLoop:
    """Runs a task of the project in `root` again and again.

    `variables` are those of a build, `show` shows a run, `progress` the lines between runs, and `quietly` only warnings of builds.
    """

    root: Path
    call: TaskCall
    variables: Sequence[str]
    show: Show
    progress: Progress
    quietly: Progress
    built: ReleaseManifest | None = None

    def run(self) -> NoReturn:
        """Run the task, and again whenever a file changes that the release is made from.

        An error of the user is shown and does not end this; Ctrl-C does. A change during a run is seen after it.
        """
        watch = Watch(self.root)
        while True:
            try:
                self._build_after(watch) if self._run_edited() else self._run_built()
            except TileboxError as error:
                show_errors(error.problems)
            self.progress.result("Watching", f"{watch.count} files, until Ctrl-C")
            changed = watch.wait()
            self.progress.result("Changed", short_list(changed, _SHOWN))

    def _run_built(self) -> None:
        """Run the task of the release, which is built first if it is out of date."""

        def execute(progress: Progress, watcher: Watcher) -> RunResult:
            path = fresh_release(self.root, progress, self.variables)
            self.built = read_manifest(path)
            return run_task(path, self.call, progress, watcher)

        self.show(execute)

    def _run_edited(self) -> bool:
        """Run the task with the edited files, if they can be run before they are built: a build starts the workflow, too.

        False if they cannot: then the build says why.
        """
        try:
            edited = edited_release(self.root, self.built) if self.built else None
            if edited is None:
                return False
            tasks = [(task.name, task.version) for task in edited[1].tasks]
            self.show(lambda progress, watcher: run_files(*edited, self.call.registering(tasks), progress, watcher))
        except TileboxError:
            return False
        return True

    def _build_after(self, watch: Watch) -> None:
        """Build the release of the files that were run, unless they were edited again.

        Run the task again if the new release has other tasks or inputs than the one whose schemas the run has used.
        """
        if watch.differs() or self.built is None:
            return
        before = self.built
        path = fresh_release(self.root, self.quietly, self.variables)
        self.built = read_manifest(path)
        if _inputs(self.built) != _inputs(before):
            self._run_built()


def _inputs(manifest: ReleaseManifest) -> list[object]:
    return [(task.name, task.version, task.trigger, task.input_schema) for task in manifest.tasks]
