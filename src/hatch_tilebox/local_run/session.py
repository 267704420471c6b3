"""A worker that executes tasks on this machine, and the loopback server that replaces the Tilebox API."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import queue
import secrets
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.discovery.cache import open_cache
from hatch_tilebox.discovery.clean_environment import passed_variables
from hatch_tilebox.discovery.diagnose.context import Context, Paths, ending
from hatch_tilebox.discovery.diagnose.startup import worker_failed
from hatch_tilebox.discovery.environment import read_metadata
from hatch_tilebox.discovery.prepared import prepared_environment
from hatch_tilebox.discovery.process import LONGEST_MESSAGE, Child, tail
from hatch_tilebox.discovery.worker import CLIENT, ENDED, IN_WORKFLOW, PROGRAM, TIMEOUT, WorkerError, client_command, start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import FileEntry, FileSet, Workflow
    from hatch_tilebox.core.progress import Progress
    from hatch_tilebox.discovery.environment import Environment
    from hatch_tilebox.discovery.worker import Worker


LOCAL_CLUSTER = "local"
"""The cluster of the worker. Subtasks without a cluster are submitted to it."""

SINK_SCRIPT = IN_WORKFLOW / "worker_sink.py"
SINK_LIMIT = 30.0
"""Seconds that the sink has to listen, and to write its events."""
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
    """An initialized worker. See `open_session`."""

    def __init__(self, worker: Worker, sink: _Sink, environment: Environment) -> None:
        self._worker = worker
        self._sink = sink
        self._environment = environment

    def execute(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Execute `task`, a `workflows.v1.Task`, and return the `ExecuteTaskResponse`, both in protobuf's JSON form.

        Raises DiscoveryError if the worker ends before it answers.
        """
        try:
            return self._worker.call("ExecuteTask", dict(task), LONGEST_TASK)
        except WorkerError as error:
            raise DiscoveryError(_lost(error, _paths(self._environment))) from error

    def finish(self, entries: Sequence[FileEntry]) -> list[str]:
        """Shut the worker down and receive its last logs and spans.

        Return the paths that the tasks wrote or changed in the folder of the release, whose files are `entries`.
        """
        self._worker.shutdown()
        self._sink.drain()
        return self._environment.changes(entries)


@contextlib.contextmanager
def open_session(
    files: FileSet,
    entries: Sequence[FileEntry],
    workflow: Workflow,
    options: StartOptions,
    *,
    progress: Progress,
    on_event: Callable[[dict[str, Any]], None],
    on_line: Callable[[str], None],
    storage_locations: bytes = b"",
) -> Iterator[Session]:
    """Prepare the environment of an unpacked release, start its worker and initialize it. End it after the block.

    The environment is the one that a build of these files has kept, or else a new one, which is not kept.
    `on_event` gets the events of the sink (see `worker_sink.py`) and `on_line` the lines that the worker writes, both from other
    threads and with paths as in the release. The sink replaces the Tilebox API: it takes telemetry, lists `storage_locations` (a
    serialized message) if there are any, and refuses other calls. Raises DiscoveryError.
    """
    metadata = read_metadata(files)
    passed = passed_variables(options.variables)
    with open_cache(keep=not options.cold) as cache, contextlib.ExitStack() as stack:
        if passed:
            progress.result("Environment", ", ".join(passed))
        environment = stack.enter_context(
            prepared_environment(cache, files, entries, metadata, progress, passed=passed, for_task=True)
        )
        progress.started("Starting the worker")
        paths = _paths(environment)
        context = Context(files, workflow, metadata.pyproject, None, paths, options.timeout)
        token = secrets.token_hex(16)
        try:
            with (
                _Sink(environment, on_event, token, storage_locations) as sink,
                start_worker(
                    environment,
                    workflow,
                    timeout=options.timeout,
                    on_line=lambda line: on_line(paths.clean(line)),
                    extra=_variables(sink.url, token, debug=options.debug),
                ) as worker,
            ):
                _initialize(worker, sink.url, token, options.timeout)
                if options.tasks is not None and {*worker.tasks()} != {*options.tasks}:
                    raise DiscoveryError(Problem("the worker registers other tasks than before", code="TBX319"))
                progress.finished(f"Python {worker.about['python']}, tilebox-workflows {worker.about['sdk']}")
                yield Session(worker, sink, environment)
        except WorkerError as error:
            raise DiscoveryError(worker_failed(context, error)) from error


def encode_id(value: bytes) -> dict[str, str]:
    """Return an id of 16 bytes as a `tilebox.v1.ID` in protobuf's JSON form."""
    return {"uuid": base64.b64encode(value).decode()}


def _initialize(worker: Worker, url: str, token: str, timeout: float) -> None:
    request = {
        "runnerId": encode_id(uuid4().bytes),
        "cluster": {"slug": LOCAL_CLUSTER, "displayName": LOCAL_CLUSTER},
        "apiConnection": {"url": url, "token": token},
    }
    try:
        worker.call("InitializeWorker", request, timeout)
    except WorkerError as error:
        if error.code in {CLIENT, ENDED, PROGRAM, TIMEOUT}:
            raise
        message = f"the worker cannot be initialized: {error.details}"
        hint = "a release runner initializes it in the same way; check the runner's context and cache"
        raise DiscoveryError(Problem(message, hint, code="TBX607")) from error


def _variables(url: str, token: str, *, debug: bool) -> dict[str, str]:
    """Return the worker's environment variables. With them `Client()` calls the sink, without a proxy."""
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1"]))
    return {
        "TILEBOX_API_URL": url,
        "TILEBOX_API_KEY": token,
        "OTEL_SDK_DISABLED": "false",
        "PYTHONUNBUFFERED": "1",  # show what a task prints at once, and do not lose it if the worker is killed
        "OTEL_EXPORT_INTERVAL": EXPORT_INTERVAL,
        "NO_PROXY": direct,
        "no_proxy": direct,
        **({"TILEBOX_LOG_LEVEL": "DEBUG"} if debug else {}),
    }


def _paths(environment: Environment) -> Paths:
    return Paths(environment.project, environment.prefix)


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


class _Sink:
    """The process of `worker_sink.py`. Use as a context manager."""

    def __init__(
        self,
        environment: Environment,
        on_event: Callable[[dict[str, Any]], None],
        token: str,
        storage_locations: bytes,
    ) -> None:
        self._on_event = on_event
        self._paths = _paths(environment)
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._first_lines = (token.encode(), base64.b64encode(storage_locations))
        # The worker starts at the same time, so the sink gets a socket whose address is known and that can wait for it.
        listener = socket.create_server(("127.0.0.1", 0)) if sys.platform != "win32" else None
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}" if listener else ""
        try:
            self._child = Child(
                [*client_command(environment), str(SINK_SCRIPT), *([str(listener.fileno())] if listener else [])],
                folder=environment.folder,
                environment=environment.client_variables(),
                on_output=self._take,
                on_end=lambda: self._answers.put(None),
                stdin=True,
                longest_line=LONGEST_MESSAGE,
                listener=listener,
            )
        finally:
            if listener:
                listener.close()

    def __enter__(self) -> _Sink:  # noqa: PYI034 -- typing has no Self in Python 3.10
        try:
            with contextlib.suppress(OSError):  # the next answer reports a process that has ended
                for line in self._first_lines:
                    self._child.send(line)
            self.url = self.url or self._answer()["url"]
        except BaseException:
            certainly(self._child.end)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        certainly(self._child.end)

    def drain(self) -> None:
        """Wait until every event that was sent so far is delivered."""
        with contextlib.suppress(OSError):  # a sink that has ended has no more events
            self._child.send(b"drain")
            self._answer()

    def _take(self, line: str) -> None:
        event: dict[str, Any] = json.loads(line)
        if "drained" in event or "url" in event:
            if "drained" in event or not self.url:
                self._answers.put(event)
            return
        data = event.get("log") or event.get("span") or {}
        for texts, name in ((data, "stacktrace"), (data.get("attributes", {}), "exception.stacktrace")):
            if texts.get(name):
                texts[name] = self._paths.clean(texts[name])
        self._on_event(event)

    def _answer(self) -> dict[str, Any]:
        try:
            answer = self._answers.get(timeout=SINK_LIMIT)
        except queue.Empty:
            answer = None
        if answer is None:
            words = tail(self._child.result().errors)
            raise DiscoveryError(
                Problem(
                    "the process that receives the worker's logs does not run", "see its output below", None, words, code="TBX607"
                )
            )
        return answer
