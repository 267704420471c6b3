"""A task of a release, executed on this machine: a way to try a release before it is deployed, not a runner."""

from __future__ import annotations

from hatch_tilebox.local_run.execution import RunResult, Watcher, run_task
from hatch_tilebox.local_run.job import LocalTask
from hatch_tilebox.local_run.submissions import show_input
from hatch_tilebox.local_run.telemetry import LogRecord, Span

__all__ = ["LocalTask", "LogRecord", "RunResult", "Span", "Watcher", "run_task", "show_input"]
