"""Start a runner as a release runner does, in a process that reports its tasks."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.discovery.process import Child, Finished
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.discovery.worker import IN_WORKFLOW, SHUTDOWN_LIMIT, runtime_folder, worker_variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from hatch_tilebox.discovery.ask_runner import Request
    from hatch_tilebox.discovery.environment import Environment

ENTRY = IN_WORKFLOW / "entry"
GRACE = 5.0
"""Seconds between the time limit inside the process, which reports where the code hangs, and the one that kills it."""
POLL = 0.01
SIGNALLED = 128
"""uv exits with this plus the number of the signal that ended its child."""


class Start(NamedTuple):
    """The result of a start. `facts` are the answer of the process (see `probe.py`), None without one.

    `hang` is the stack of a process that exceeded the time limit. `stopped` is whether it ended when it was asked to, `began`
    whether Python started to run the worker.
    """

    facts: dict[str, Any] | None
    began: bool
    finished: Finished
    hang: str
    stopped: bool


def start_runner(environment: Environment, request: Request, is_over: Callable[[], bool]) -> Start:
    """Start the runner of a workflow in a prepared environment with `uv run`. No process of it is left running.

    With a `clean` start, the process records which files of this machine it opens. It is killed as soon as `is_over` returns True.
    """
    clean, runner, pyproject = request.clean, request.workflow.runner or "", request.metadata.pyproject
    dependencies = json.dumps([sorted(pyproject.development_names), sorted(pyproject.dependency_names)])
    with runtime_folder() as folder:
        answer = folder / "answer.json"
        arguments = [str(answer), str(request.timeout), request.level, runner, dependencies, "record" if clean else ""]
        # The environment is as uv installed it (see `prepare`), so uv need not compare it with the lock again.
        command = [str(require_uv()), "run", "--no-sync", "--no-progress", "python", "-m", "_hatch_tilebox_entry", *arguments]
        variables = environment.variables()
        if clean:
            command, variables = clean.command(command), clean.variables(variables, folder / "home", environment.settings)
        deadline = time.monotonic() + request.timeout + GRACE
        with Child(
            command,
            folder=environment.project,
            environment={**variables, **worker_variables(folder), "PYTHONPATH": str(ENTRY)},
            on_line=request.progress.detail,
            on_output=request.progress.detail,
        ) as child:
            while not (ended := child.wait(POLL)) and not answer.exists() and not is_over() and time.monotonic() < deadline:
                pass
            stopped = ended or (answer.exists() and child.wait(SHUTDOWN_LIMIT))
            finished = child.result(timed_out=not ended and not answer.exists())
        if os.name != "nt" and finished.returncode > SIGNALLED:
            finished = finished._replace(returncode=SIGNALLED - finished.returncode)
        stack = Path(f"{answer}.stack")
        return Start(
            facts=json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else None,
            began=stack.exists(),
            finished=finished._replace(left_behind=tuple(_on_release_runner(line, runner) for line in finished.left_behind)),
            hang=stack.read_text(encoding="utf-8", errors="replace") if stack.exists() else "",
            stopped=stopped,
        )


def _on_release_runner(command: str, runner: str) -> str:
    """`command` as on a release runner: a fork of the worker has the command line of `_hatch_tilebox_entry`."""
    python, found, _ = command.partition(" -m _hatch_tilebox_entry ")
    return f"{python} -m tilebox.workflows.runner {runner}" if found else command
