"""A worker that executes tasks on this machine."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.discovery.cache import open_cache
from hatch_tilebox.discovery.clean_environment import passed_variables
from hatch_tilebox.discovery.diagnose.context import Context, Paths, ending
from hatch_tilebox.discovery.diagnose.startup import worker_failed
from hatch_tilebox.discovery.environment import read_metadata
from hatch_tilebox.discovery.prepared import prepared_environment
from hatch_tilebox.discovery.worker import CLIENT, ENDED, PROGRAM, TIMEOUT, WorkerError, start_worker
from hatch_tilebox.local_run.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from uuid import UUID

    from hatch_tilebox.core.model import FileSet, ReleaseManifest
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.discovery.environment import Environment
    from hatch_tilebox.discovery.worker import Worker
    from hatch_tilebox.local_run.telemetry import LogRecord


LOCAL_CLUSTER = "local"
"""The cluster of the worker. Subtasks without a cluster are submitted to it."""

LONGEST_TASK = 7 * 86400.0
"""Seconds that a task may take: in effect no limit, but a number that every system can wait for."""
_KILLED = -9
_CRASHED = {-getattr(signal, name, 0) for name in ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV")}
"""The return code after SIGKILL, which Windows does not have."""
EXPORT_INTERVAL = "0.1s"
"""How often the worker sends logs and spans. The default, 5 s, is too slow to follow."""


@dataclass(frozen=True)
class StartOptions:
    """How a worker is started: it has `timeout` seconds, and gets `variables` (see `passed_variables`).

    With `debug`, it sends debug messages. With `cold`, its environment is a new one, as on a release runner. If `tasks` are given,
    as names and versions, it must register exactly these.
    """

    timeout: float = 120.0
    variables: Sequence[str] = ()
    debug: bool = False
    cold: bool = False
    tasks: Collection[tuple[str, str]] | None = None


class Session:
    """An initialized worker, and its telemetry. See `open_session`."""

    def __init__(self, worker: Worker, telemetry: Telemetry, environment: Environment, release: ReleaseManifest) -> None:
        self.telemetry = telemetry
        self._worker = worker
        self._environment = environment
        self._release = release

    def execute(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Execute `task`, a `workflows.v1.Task`, and return the `ExecuteTaskResponse`, both in protobuf's JSON form.

        Raises DiscoveryError if the worker ends before it answers.
        """
        try:
            return self._worker.call("ExecuteTask", dict(task), LONGEST_TASK)
        except WorkerError as error:
            raise DiscoveryError(_lost(error, Paths(self._environment.project, self._environment.prefix))) from error

    def finish(self) -> list[str]:
        """Shut the worker down and receive its last logs and spans.

        Return the paths that the tasks wrote or changed in the folder of the release.
        """
        self._worker.shutdown()
        self.telemetry.drain()
        return self._environment.changes(self._release.files)


@contextlib.contextmanager
def open_session(
    files: FileSet,
    release: ReleaseManifest,
    options: StartOptions,
    *,
    progress: Progress,
    on_log: Callable[[LogRecord], None],
    on_line: Callable[[str], None],
    storage_locations: bytes = b"",
) -> Iterator[Session]:
    """Prepare the environment of an unpacked release, start its worker and initialize it. End it after the block.

    The environment is the one that a build of these files has kept, or else a new one, which is not kept. `on_log` gets what the
    worker logs and `on_line` the lines that it writes, both from other threads and with paths as in the release. `Telemetry`
    replaces the Tilebox API, and lists `storage_locations`. Raises DiscoveryError.
    """
    metadata = read_metadata(files)
    passed = passed_variables(options.variables)
    with open_cache(keep=not options.cold) as cache, contextlib.ExitStack() as stack:
        if passed:
            progress.result("Environment", ", ".join(passed))
        environment, _ = stack.enter_context(
            prepared_environment(cache, files, release.files, metadata, progress, passed=passed, for_task=True)
        )
        progress.started("Starting the worker")
        paths = Paths(environment.project, environment.prefix)
        context = Context(files, release.workflow, metadata.pyproject, None, paths, options.timeout)
        try:
            with (
                Telemetry(environment, storage_locations, on_log) as telemetry,
                start_worker(
                    environment,
                    release.workflow,
                    timeout=options.timeout,
                    on_line=lambda line: on_line(paths.clean(line)),
                    extra=_variables(telemetry, debug=options.debug),
                ) as worker,
            ):
                _initialize(worker, telemetry, options.timeout)
                if options.tasks is not None and {*worker.tasks()} != {*options.tasks}:
                    raise DiscoveryError(Problem("the worker registers other tasks than before", code="TBX319"))
                progress.finished(f"Python {worker.about['python']}, tilebox-workflows {worker.about['sdk']}")
                yield Session(worker, telemetry, environment, release)
        except WorkerError as error:
            raise DiscoveryError(worker_failed(context, error)) from error


def encode_id(identifier: UUID) -> dict[str, str]:
    """Return an id as a `tilebox.v1.ID` in protobuf's JSON form."""
    return {"uuid": base64.b64encode(identifier.bytes).decode()}


def _initialize(worker: Worker, telemetry: Telemetry, timeout: float) -> None:
    request = {
        "runnerId": encode_id(uuid4()),
        "cluster": {"slug": LOCAL_CLUSTER, "displayName": LOCAL_CLUSTER},
        "apiConnection": {"url": telemetry.url, "token": telemetry.token},
    }
    try:
        worker.call("InitializeWorker", request, timeout)
    except WorkerError as error:
        if error.code in {CLIENT, ENDED, PROGRAM, TIMEOUT}:
            raise
        message = f"the worker cannot be initialized: {error.details}"
        hint = "a release runner initializes it in the same way; check the runner's context and cache"
        raise DiscoveryError(Problem(message, hint, code="TBX607")) from error


def _variables(telemetry: Telemetry, *, debug: bool) -> dict[str, str]:
    """Return the worker's environment variables. With them `Client()` calls `telemetry`, without a proxy."""
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1"]))
    return {
        "TILEBOX_API_URL": telemetry.url,
        "TILEBOX_API_KEY": telemetry.token,
        "OTEL_SDK_DISABLED": "false",
        "PYTHONUNBUFFERED": "1",  # show what a task prints at once, and do not lose it if the worker is killed
        "OTEL_EXPORT_INTERVAL": EXPORT_INTERVAL,
        "NO_PROXY": direct,
        "no_proxy": direct,
        **({"TILEBOX_LOG_LEVEL": "DEBUG"} if debug else {}),
    }


def _lost(error: WorkerError, paths: Paths) -> Problem:
    """Return the problem of a worker that did not answer while it executed a task."""
    finished = error.finished
    if error.code == ENDED and finished is not None:
        message = f"the worker {ending(finished.returncode)} while it executed a task"
        hint = "a task must not end its process"
        if finished.returncode == _KILLED:
            hint = "it likely ran out of memory; the kernel log (`dmesg`) has the reason"
        elif finished.returncode in _CRASHED:
            hint = "compiled code crashed; with PYTHONFAULTHANDLER=1 set, --env PYTHONFAULTHANDLER shows the line that called it"
        return Problem(message, hint, details=paths.last_words(finished), code="TBX607")
    return Problem(f"the worker answered {error.code}: {error.details}", "the log of the runner may have the reason", code="TBX607")
