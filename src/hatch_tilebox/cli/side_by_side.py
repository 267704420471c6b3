"""Run commands of hatch-tilebox on several projects, each in a process of its own, side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.signals import UNWINDING, certainly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import IO

_POLL = 0.02
"""Seconds between two looks at the processes."""
_WINDOWS = sys.platform == "win32"
_INTERRUPT = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)
_PATIENCE = UNWINDING * 0.8
"""Seconds that processes get to end. This process must end a little later itself, see `cleans_up_when_terminated`."""


@dataclass(frozen=True)
class Job:
    """A command of hatch-tilebox for one project of the repository `repository`."""

    project: Path
    repository: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JobResult:
    """How a job ended. `exit_code` is None if it was interrupted.

    `report` is the JSON object that the command printed, or None; `errors` are its problems as JSON values, and `text` is what it
    printed on stderr.
    """

    exit_code: int | None
    seconds: float
    report: dict[str, Any] | None
    errors: tuple[dict[str, Any], ...]
    text: str


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_jobs(
    jobs: Sequence[Job],
    at_once: int,
    *,
    changed: Callable[[Sequence[Job]], None],
    ended: Callable[[Job, JobResult], None],
    until_failure: bool = False,
) -> bool:
    """Run jobs, at most `at_once` at a time, and return whether none was interrupted by Ctrl-C.

    `changed` gets the jobs that run, whenever they change; `ended` gets each result, in the order in which jobs end. With
    `until_failure`, no job starts after one has failed. When this function ends in any way, all processes have ended: they get
    the time to remove their files.
    """
    waiting, failed = deque(jobs), False
    active: list[_Running] = []
    try:
        while active or (waiting and not (failed and until_failure)):
            while waiting and len(active) < at_once and not (failed and until_failure):
                active.append(_Running(waiting.popleft()))
                active[-1].start()
                changed([each.job for each in active])
            for each in [each for each in active if each.process.poll() is not None]:
                active.remove(each)
                result = each.result()
                failed = failed or result.exit_code != 0
                ended(each.job, result)
                changed([each.job for each in active])
            time.sleep(_POLL)
    except KeyboardInterrupt:
        certainly(lambda: _end(active, _INTERRUPT))
        for each in active:
            if each.started():
                ended(each.job, each.result(interrupted=True))
        active.clear()
        return False
    finally:
        certainly(lambda: _end(active, signal.SIGTERM))
    return True


class _Running:
    """A job whose process runs. Its output goes to files without a name, which need no threads to be read."""

    process: subprocess.Popen[bytes]

    def __init__(self, job: Job) -> None:
        self.job = job
        self._began = time.perf_counter()
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `result`
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `result`
        self._starter = threading.Thread(target=self._start)

    def start(self) -> None:
        """Start the process. A signal interrupts this thread, but not the one that starts the process, so that none gets lost."""
        self._starter.start()
        self._starter.join()

    def _start(self) -> None:
        # -P: a module in the current folder must not replace one of hatch-tilebox. The process ends with this one, see --part.
        command = [sys.executable, "-P", "-m", "hatch_tilebox", "-C", str(self.job.project), "--part", str(self.job.repository)]
        self.process = subprocess.Popen(
            [*command, *self.job.arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
            env={**os.environ, **self.job.environment},
            start_new_session=not _WINDOWS,  # Ctrl-C in the terminal reaches this process only, which ends the others in order
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    def started(self) -> bool:
        """Whether the process was started, also if `start` was interrupted."""
        if self._starter.ident is not None:
            self._starter.join()
        return hasattr(self, "process")

    def result(self, *, interrupted: bool = False) -> JobResult:
        """Return the result of the process, which has ended."""
        seconds = time.perf_counter() - self._began
        output, text = (_read(file) for file in (self._output, self._errors))
        reports = list(_documents(output))
        errors = reports.pop()["errors"] if reports and reports[-1].keys() == {"errors"} else ()
        report = reports[0] if reports else None
        code = self.process.returncode
        if report and code and not errors:
            errors = report.get("errors") or report.get("problems") or ()
        # A negative code is the signal that ended the process.
        return JobResult(None if interrupted else max(code, 1) if code else 0, seconds, report, tuple(errors), text.strip("\n"))


def _end(active: Iterable[_Running], signum: int) -> None:
    """End the processes: all are asked to end their own child processes and to remove their files, and those that hang are killed.

    What a killed process has started ends by itself.
    """
    processes = [each.process for each in active if each.started()]
    for process in processes:
        with suppress(OSError):
            process.send_signal(signum)
    deadline = time.monotonic() + _PATIENCE
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(deadline - time.monotonic(), 0))
        process.kill()  # nothing if it has ended
        process.wait()


def _read(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode("utf-8", "replace")


def _documents(text: str) -> Iterable[dict[str, Any]]:
    """Yield the JSON objects in `text`, up to the first thing that is none."""
    decoder, position = json.JSONDecoder(), 0
    with suppress(ValueError):
        while position < len(text):
            value, end = decoder.raw_decode(text, position)
            if isinstance(value, dict):
                yield value
            position = end + len(text[end:]) - len(text[end:].lstrip())
