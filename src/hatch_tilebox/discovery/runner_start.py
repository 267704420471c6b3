"""One start of a runner, as a release runner starts it, that reports on itself."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatch_tilebox.discovery.process import Child, Finished
from hatch_tilebox.discovery.worker import IN_WORKFLOW, SHUTDOWN_LIMIT, runtime_folder, worker_variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.discovery.environment import Environment

__all__ = ["Start", "start_runner"]

ENTRY = IN_WORKFLOW / "entry"
GRACE = 5.0
"""Seconds between the process's own time limit, which reports where the code hangs, and ours, which ends it whatever it does."""
POLL = 0.01
SIGNALLED = 128
"""uv ends with this plus the number of the signal that ended what it ran."""


@dataclass(frozen=True)
class Start:
    """How a start went: `facts` are the answer of the process (see `probe.py`), None without one.

    `hang` is the stack of a process that took too long. `stopped` is whether it ended once it was asked to,
    `began` whether Python got as far as the worker.
    """

    facts: dict[str, Any] | None
    began: bool
    finished: Finished
    hang: str
    stopped: bool


def start_runner(
    environment: Environment,
    runner: str,
    uv: Path,
    *,
    level: str,
    timeout: float,
    development: object,
    on_line: Callable[[str], None],
) -> Start:
    """Start `runner` (`module:object`) in a prepared environment with `uv run`, and end all that is left of it.

    `level` and `development` are those of `_hatch_tilebox_entry.py`. Start-up may take `timeout` seconds. `on_line` gets what the
    process writes, from threads.
    """
    with runtime_folder() as folder:
        answer = folder / "answer.json"
        command = ["python", "-m", "_hatch_tilebox_entry", str(answer), str(timeout), level, runner, json.dumps(development)]
        variables = environment.variables()
        deadline = time.monotonic() + timeout + GRACE
        with Child(
            [str(uv), "run", "--no-progress", *command],
            folder=environment.project,
            environment={**variables, **worker_variables(folder), "PYTHONPATH": str(ENTRY)},
            on_line=on_line,
            on_output=on_line,
        ) as child:
            while not (ended := child.wait(POLL)) and not answer.exists() and time.monotonic() < deadline:
                pass
            stopped = ended or (answer.exists() and child.wait(SHUTDOWN_LIMIT))
            finished = child.result(timed_out=not ended and not answer.exists())
        if os.name != "nt" and finished.returncode > SIGNALLED:
            finished = replace(finished, returncode=SIGNALLED - finished.returncode)
        stack = Path(f"{answer}.stack")
        return Start(
            facts=json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else None,
            began=stack.exists(),
            finished=replace(finished, left_behind=tuple(_as_started(line, runner) for line in finished.left_behind)),
            hang=stack.read_text(encoding="utf-8", errors="replace") if stack.exists() else "",
            stopped=stopped,
        )


def _as_started(command: str, runner: str) -> str:
    """The command line of a process that a release runner starts with another one: a fork of the worker has the worker's."""
    python, found, _ = command.partition(" -m _hatch_tilebox_entry ")
    return f"{python} -m tilebox.workflows.runner {runner}" if found else command
