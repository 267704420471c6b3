"""Start the worker of a workflow, and call its methods."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hatch_tilebox.core.temporary import PREFIX, temporary_folder
from hatch_tilebox.discovery.process import LONGEST_MESSAGE, Child, Finished
from hatch_tilebox.discovery.uv import require_uv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import Workflow
    from hatch_tilebox.discovery.clean_start import CleanStart
    from hatch_tilebox.discovery.environment import Environment

PROGRAM, ENDED, TIMEOUT, CLIENT = "program", "ended", "timeout", "client"
IN_WORKFLOW = Path(__file__).with_name("in_workflow")
CLIENT_SCRIPT = IN_WORKFLOW / "worker_client.py"
SHUTDOWN_LIMIT = 10.0
"""Seconds that a worker gets to end after `ShutdownWorker`."""
LONGEST_SOCKET_PATH = 90
"""Bytes of a Unix socket's path that every system allows; the smallest limit is macOS's 104."""


class WorkerError(Exception):
    """A call of the worker failed.

    `code` is PROGRAM if the worker cannot be started, ENDED if its process ended, TIMEOUT if it did not answer in time, CLIENT if
    the client process failed, otherwise a gRPC status. `finished` is how the worker or the client ended, if it did.
    """

    def __init__(self, code: str, details: str = "", finished: Finished | None = None) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details
        self.finished = finished


class Worker:
    """A started worker. `call` and `tasks` wait until it is ready. See `start_worker`."""

    def __init__(self, process: Child, client: Child, events: queue.SimpleQueue[str | None], timeout: float) -> None:
        self._process = process
        self._client = client
        self._events = events
        self._deadline = time.monotonic() + timeout
        self.about: dict[str, str] = {}
        """`python`, `interpreter` and `sdk` of the workflow's environment, from the first call on."""

    def tasks(self) -> list[tuple[str, str]]:
        """Name and version of every task that the worker registers. Raises WorkerError."""
        answer = self.call("ListRegisteredTasks", {}, max(self._deadline - time.monotonic(), 0.0))
        return sorted((item["name"], item["version"]) for item in answer.get("identifiers", ()))

    def call(self, method: str, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Call a method of `workflows.v1.WorkerService`.

        Request and response have protobuf's JSON form. The answer may take `seconds`, including start-up. Raises WorkerError.
        """
        deadline = time.monotonic() + seconds
        line = json.dumps({"method": method, "request": request, "seconds": seconds}).encode()
        with contextlib.suppress(OSError):  # if the client has ended, the code below reports it
            self._client.send(line)
        if not self.about:
            self.about = self._next(deadline)
        answer = self._next(deadline)
        if "error" not in answer:
            response: dict[str, Any] = answer["response"]
            return response
        code = answer["error"]["code"]
        if code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
            self._give_up(timed_out=True)
        raise WorkerError(code, answer["error"]["details"])

    def shutdown(self) -> bool:
        """Ask the worker to end, and return whether it did."""
        try:
            self.call("ShutdownWorker", {}, SHUTDOWN_LIMIT)
        except WorkerError as error:
            return error.code == ENDED  # it ended before it answered
        return self._process.wait(SHUTDOWN_LIMIT)

    def result(self) -> Finished:
        """End the worker if it is still running, and return how it ended."""
        return self._process.result()

    def _next(self, deadline: float) -> dict[str, Any]:
        """The client's next answer."""
        try:
            line = self._events.get(timeout=max(deadline - time.monotonic(), 0.0) + 1.0)  # the client has the same time limit
        except queue.Empty:
            self._give_up(timed_out=True)
        if line is None:
            self._give_up(timed_out=False)
        return dict(json.loads(line))

    def _give_up(self, *, timed_out: bool) -> NoReturn:
        if self._process.ended:
            raise WorkerError(ENDED, finished=self._process.result())
        if timed_out:
            self._process.ask_for_stack()
            raise WorkerError(TIMEOUT, finished=self._process.result(timed_out=True))
        raise WorkerError(CLIENT, finished=self._client.result())


@contextlib.contextmanager
def start_worker(
    environment: Environment,
    workflow: Workflow,
    *,
    timeout: float = 120.0,
    on_line: Callable[[str], None] | None = None,
    extra: Mapping[str, str] | None = None,
    clean: CleanStart | None = None,
) -> Iterator[Worker]:
    """Start the worker of `workflow` in a prepared environment. At the end, no process of it is left running.

    Start-up may take `timeout` seconds, from now to the first answer. `on_line` gets the output of the worker, from threads.
    `extra` are environment variables for the worker. With `clean`, its home folder is empty, and it may have no network. Raises
    WorkerError if its program cannot be started.
    """
    uv = require_uv()
    with runtime_folder() as folder:
        given = worker_variables(folder)
        unix_address = given["TILEBOX_WORKER_ADDRESS"] if hasattr(socket, "AF_UNIX") else ""
        events: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        variables = {**environment.variables(), **(extra or {})}
        command = [*(workflow.command or (str(environment.python), "-m", "tilebox.workflows.runner", workflow.runner or ""))]
        if clean:
            command, variables = clean.command(command), clean.variables(variables, folder / "home", environment.settings)
        path = os.pathsep.join([variables["PATH"], str(uv.parent)])
        try:
            process = Child(
                command,
                folder=environment.project,
                environment={**variables, "UV": str(uv), "PATH": path, **given},
                on_line=on_line,
                on_output=on_line,
                on_end=lambda: events.put(None),
            )
        except OSError as error:
            raise WorkerError(PROGRAM, str(error)) from error
        with (
            process,
            Child(
                [*client_command(environment), str(CLIENT_SCRIPT), str(folder), unix_address],
                folder=folder,
                environment=environment.client_variables(),
                on_output=events.put,
                on_end=lambda: events.put(None),
                stdin=True,
                longest_line=LONGEST_MESSAGE,
            ) as client,
        ):
            with contextlib.suppress(OSError):  # if the client has ended, the first call reports it
                client.send(given["TILEBOX_RUNTIME_TOKEN"].encode())
            yield Worker(process, client, events, timeout)


def worker_variables(folder: Path) -> dict[str, str]:
    """Variables with the worker's address and the token of its callers. `folder` is private and has a short path."""
    return {
        "TILEBOX_WORKER_ADDRESS": f"unix://{folder / 'worker.sock'}" if hasattr(socket, "AF_UNIX") else "127.0.0.1:0",
        "TILEBOX_RUNTIME_DIR": str(folder),
        "TILEBOX_RUNTIME_TOKEN": secrets.token_hex(16),
    }


def client_command(environment: Environment) -> Sequence[str]:
    """An interpreter with tilebox-workflows: that of the workflow, or else a temporary environment of uv."""
    if any(environment.prefix.glob("[Ll]ib/**/site-packages/tilebox/workflows/workflows/v1/worker_pb2_grpc.py")):
        return [str(environment.python)]
    return [str(require_uv()), "run", "--no-project", "--quiet", "--with", "tilebox-workflows", "python"]


@contextlib.contextmanager
def runtime_folder() -> Iterator[Path]:
    """A private temporary folder with a path that is short enough for a Unix socket."""
    parent = Path(tempfile.gettempdir()).resolve()
    if len(os.fsencode(parent / f"{PREFIX}12345678/worker.sock")) > LONGEST_SOCKET_PATH:
        parent = Path("/tmp")  # noqa: S108 -- the folder in it is private
    with temporary_folder(parent) as folder:
        yield folder
