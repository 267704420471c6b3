"""The output of a local run: logs while the job runs, then its tasks and a timeline."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text
from rich.tree import Tree

from hatch_tilebox.cli.safe_console import SafeConsole
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import format_seconds
from hatch_tilebox.core.tables import Column, lay_out
from hatch_tilebox.local_run.execution import Watcher
from hatch_tilebox.local_run.submissions import show_input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.progress import TaskID

    from hatch_tilebox.local_run.execution import RunResult
    from hatch_tilebox.local_run.job import Job, LocalTask
    from hatch_tilebox.local_run.telemetry import LogRecord, Span

_MOST_ROWS = 40
_BAR = 40
_INDENT = 4
_LOG_DELAY = 0.4
"""Seconds: some more than the interval in which the worker sends logs."""
_OUTPUT = " " * len("12:00:00 ")
_COLORS = re.compile(r"(\x1b\[[0-9;]*m)")
_LEVEL_STYLES = {"DEBUG": "dim", "INFO": "green", "WARN": "yellow", "ERROR": "red", "FATAL": "bold red"}
_MARKS = {
    "computed": ("✓", "ok", "green"),
    "failed": ("✗", "failed", "red"),
    "failed_optional": ("✗", "failed", "yellow"),
    "queued": ("○", "queued", "dim"),
    "skipped": ("-", "skipped", "dim"),
}


class JobDisplay(Watcher):
    """Prints logs and ended tasks to `console`, on a terminal above a bar that counts tasks.

    `verbosity`: -1 quiet, 0 normal, 1 everything. The worker sends logs in batches, so the last ones of a task arrive after its
    end. The line about the end waits for them: until a later task logs, or for `_LOG_DELAY` seconds.
    """

    def __init__(self, verbosity: int, console: SafeConsole) -> None:
        self._console = console
        self._quiet = verbosity < 0
        self._names: dict[str, str] = {}
        self._ended: list[tuple[str, Text]] = []
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()
        self._bar: Bar | None = None
        self._row: TaskID | None = None

    def task_started(self, task: LocalTask, job: Job) -> None:
        with self._lock:
            self._names[str(task.id)] = printable(task.display)
            self._advance(job, printable(task.display))

    def task_ended(self, task: LocalTask, job: Job) -> None:
        with self._lock:
            self._names[str(task.id)] = printable(task.display)
            self._advance(job, printable(task.display) + _progress(task))
            if not self._quiet:
                again = f", attempt {task.attempts} of {task.max_retries + 1}" if task.state == "queued" else ""
                line = _mark(task, self._console)
                line.append(printable(task.display)).append(f"{_took(task)}{again}", style="dim")
                line.append(_progress(task), style="dim")
                if task.error and task.state != "computed":
                    line.append(f"  {printable(task.error)}", style="red")
                self._ended.append((str(task.id), line))
                self._restart_timer()

    def log(self, record: LogRecord) -> None:
        if self._quiet:
            return
        with self._lock:
            self._print_ended(before=record.task)
            line = Text(f"{datetime.fromtimestamp(record.time / 1e9).astimezone():%H:%M:%S} ", style="dim")
            line.append(printable(record.level).ljust(5), style=_LEVEL_STYLES.get(record.level, "not dim"))
            if record.task in self._names:
                line.append(f" {self._names[record.task]}", style="cyan")
            line.append(f"  {_margin(record.message)}", style="not dim")
            for name, value in record.attributes.items():
                if not name.startswith("exception."):
                    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                    line.append(printable(f"  {name}={text}"))
            if record.stacktrace:
                line.append(f"\n{printable(record.stacktrace.rstrip(), lines=True)}")
            self._console.show(line)

    def output(self, line: str) -> None:
        if not self._quiet:
            with self._lock:
                self._console.show(_OUTPUT, _colored(line))

    def close(self) -> None:
        """Print what is left and remove the bar."""
        with self._lock:
            self._print_ended()
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_LOG_DELAY, self._print_late)
        self._timer.daemon = True
        self._timer.start()

    def _print_late(self) -> None:
        with self._lock:
            self._print_ended()

    def _print_ended(self, before: str | None = "") -> None:
        """Print the lines about ended tasks. Before a log record of a task, print those of tasks that ended before it only."""
        if before is None or (before and before not in self._names):
            return  # the record has no task, so it does not show that the logs of other tasks have arrived
        while self._ended and self._ended[0][0] != before:
            self._console.show(self._ended.pop(0)[1])

    def _advance(self, job: Job, name: str) -> None:
        if self._quiet or not self._console.file.isatty():  # nothing can move in a CI log
            return
        if self._bar is None:
            columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Bar(*columns, console=self._console, transient=True)
            self._row = self._bar.add_task(name, total=job.count)
            self._bar.start()
        if self._row is not None:
            self._bar.update(self._row, completed=job.done, total=job.count, description=name)


def _colored(line: str) -> Text:
    """Return a line of a task's output with its colours, but without other control sequences."""
    parts = _COLORS.split(line)
    parts[::2] = map(printable, parts[::2])
    return Text.from_ansi("".join(parts))


def _margin(message: str) -> str:
    """Return a message with all lines but the first indented, so that they do not look like other records."""
    return printable(message, lines=True).replace("\n", f"\n{_OUTPUT}")


def show_job(result: RunResult, *, everything: bool) -> None:
    """Print the tasks of a job, its timeline and its state to stdout. Without `everything`, long lists are cut."""
    console = SafeConsole()
    limit = None if everything else _MOST_ROWS
    console.print(_tree(result.tasks[0], console, limit))
    if result.spans:
        tasks = {str(task.id): task for task in result.tasks}
        console.print()
        console.show(_timeline(result.spans, tasks, console, limit))
    progress: dict[str, list[int]] = {}
    for task in result.tasks:
        for label, done, total in task.progress:
            sums = progress.setdefault(label or "progress", [0, 0])
            sums[:] = [sums[0] + done, sums[1] + total]
    for label, (done, total) in progress.items():
        console.print()
        console.show(f"{label}: {done} of {total}")
    console.print()
    console.show(_summary(result))


def _mark(task: LocalTask, console: SafeConsole) -> Text:
    mark, word, style = _MARKS[task.state]
    return Text(f"{word if console.options.ascii_only else mark} ", style=style)


def _tree(root: LocalTask, console: SafeConsole, limit: int | None) -> Tree:
    """Return the tasks below `root`, each under the task that submitted it."""
    tree = Tree(_label(root, console))
    branches = {root.id: tree}
    tasks = list(root.below())[1:]
    for task in tasks[:limit]:
        if task.parent is not None:
            branches[task.id] = branches[task.parent.id].add(_label(task, console))
    if limit and len(tasks) > limit:
        tree.add(Text(f"{len(tasks) - limit} more; -v shows all", style="dim"))
    return tree


def _label(task: LocalTask, console: SafeConsole) -> Text:
    label = _mark(task, console)
    label.append(printable(task.display))
    if task.depends_on and task.state == "queued":
        names = ", ".join(dict.fromkeys(other.display for other in task.depends_on))
        label.append(f"  after {printable(names)}", style="dim")
    if task.input and task.state == "queued":
        text = json.dumps(show_input(task.input), ensure_ascii=False)
        label.append(f"  {printable(text)}", style="dim")
    label.append(_took(task), style="dim")
    if task.attempts > 1:
        label.append(f"  {task.attempts} attempts", style="yellow")
    label.append(_progress(task), style="dim")
    label.truncate(max(console.width - _INDENT * len(task.order), _BAR), overflow="ellipsis")
    return label


def _progress(task: LocalTask, before: str = "  ", between: str = "  ") -> str:
    """Return the progress indicators of a task. The SDK sends them when the task ends."""
    texts = [f"{printable(label or 'progress')}: {done} of {total}" for label, done, total in task.progress]
    return before + between.join(texts) if texts else ""


def _took(task: LocalTask) -> str:
    return f"  {format_seconds(task.seconds)}" if task.attempts else ""


def _timeline(spans: Sequence[Span], tasks: Mapping[str, LocalTask], console: SafeConsole, limit: int | None) -> Text:
    """Return a row for each span, by start time: its name below its parent's, a bar on a common time scale, its duration.

    The spans of `tasks`, which are by their ids, have the display names and the progress indicators of the tasks.
    """
    known = {span.id for span in spans}
    spans = sorted(spans, key=lambda span: (span.start, -span.end, span.parent in known))
    scale = (_BAR - 1) / max(max(span.end for span in spans) - spans[0].start, 1)
    of_tasks = {span.id: tasks[span.task] for span in spans if span.name.startswith("task/") and span.task and span.task in tasks}
    latest = {task.id: span for span, task in of_tasks.items()}  # the span of the last attempt
    depths: dict[str, int] = {}
    rows = []
    for span in spans[:limit]:
        depths[span.id] = depths.get(span.parent, -1) + 1
        task = of_tasks.get(span.id)
        name = task.display if task else span.name.removeprefix("task/")
        first, last = (int((time - spans[0].start) * scale) for time in (span.start, span.end))
        bar = " " * first + ("#" if console.options.ascii_only else "▇") * (last - first + 1)
        progress = _progress(task, "", ", ") if task and latest[task.id] == span.id else ""
        rows.append(("  " * depths[span.id] + name, bar, format_seconds((span.end - span.start) / 1e9), progress))
    width = console.width if console.file.isatty() else None
    columns: list[Column | str] = ["Timeline", Column("", drop=1), Column("Time", right=True)]
    if any(progress for *_, progress in rows):
        columns.append(Column("Progress", drop=2))
    lines = [Text(line) for line in lay_out(columns, [row[: len(columns)] for row in rows], width)]
    lines[0].stylize("bold")
    for line, span in zip(lines[1:], spans, strict=False):
        line.highlight_regex("▇+|#+(?= )", "red" if span.error else "green")
    if limit and len(spans) > limit:
        lines.append(Text(f"{len(spans) - limit} more; -v shows all", style="dim"))
    return Text("\n").join(lines)


def _summary(result: RunResult) -> Text:
    """Return the state of the job in one line."""
    counts = Counter(task.state for task in result.tasks)
    words = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items())
    style = {"completed": "green", "failed": "red"}.get(result.state, "yellow")
    line = Text(result.state, style=style).append(f": {words}", style="default")
    if result.state == "started" and not result.problems:
        line.append("; --follow executes the queued tasks too", style="dim")
    return line
