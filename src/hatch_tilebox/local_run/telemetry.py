"""Logs and spans of a worker, and its calls to the Tilebox service that a local run refuses: all that it sends to the API."""

from __future__ import annotations

import base64
import contextlib
import json
import queue
import re
import secrets
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import DiscoveryError, Problem
from hatch_tilebox.core.signals import certainly
from hatch_tilebox.discovery.diagnose.context import Paths
from hatch_tilebox.discovery.process import LONGEST_MESSAGE, Child, tail
from hatch_tilebox.discovery.worker import IN_WORKFLOW, client_command

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hatch_tilebox.discovery.environment import Environment

SINK_LIMIT = 30.0
"""Seconds that the sink has to listen, and to write its events."""
_SCRIPT = IN_WORKFLOW / "worker_sink.py"
_OWN_ATTRIBUTES = {"task_id", "trace_id", "span_id"}
_STACKTRACE = "exception.stacktrace"
_SDK_FRAME = re.compile(r'  File "[^"\n]*[/\\]tilebox[/\\]workflows[/\\]runner[/\\][^\n]*\n(?:    [^\n]*\n)*')


@dataclass(frozen=True)
class LogRecord:
    """A log record. `time` is in nanoseconds since the epoch; `task` is the id of the task that wrote it, if known."""

    time: int
    level: str
    message: str
    attributes: Mapping[str, Any]
    task: str | None

    @property
    def stacktrace(self) -> str | None:
        """The traceback of the logged exception."""
        found = self.attributes.get(_STACKTRACE)
        return str(found) if found else None


@dataclass(frozen=True)
class Span:
    """A span. `start` and `end` are in nanoseconds since the epoch; `task` is the id of its task.

    `stacktrace` is the traceback of the exception that ended it, without the frames of the SDK.
    """

    name: str
    id: str
    parent: str
    start: int
    end: int
    error: bool
    task: str | None
    stacktrace: str | None


class Telemetry:
    """What a process of `worker_sink.py` receives in place of the Tilebox API. Use as a context manager.

    It takes logs and spans, lists `storage_locations` (a serialized message) if there are any, and refuses other calls. `on_log`
    gets each log record, from another thread. Paths are those in the release.
    """

    def __init__(self, environment: Environment, storage_locations: bytes, on_log: Callable[[LogRecord], None]) -> None:
        self.token = secrets.token_hex(16)
        self.logs: list[LogRecord] = []
        self.spans: list[Span] = []
        self.refused: list[str] = []
        self._on_log = on_log
        self._paths = Paths(environment.project, environment.prefix)
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._first_lines = (self.token.encode(), base64.b64encode(storage_locations))
        # The worker starts at the same time, so the sink gets a socket whose address is known and that can wait for it.
        listener = socket.create_server(("127.0.0.1", 0)) if sys.platform != "win32" else None
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}" if listener else ""
        try:
            self._child = Child(
                [*client_command(environment), str(_SCRIPT), *([str(listener.fileno())] if listener else [])],
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

    def __enter__(self) -> Telemetry:  # noqa: PYI034 -- typing has no Self in Python 3.10
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
        """Wait until everything that was sent so far is received."""
        with contextlib.suppress(OSError):  # a sink that has ended has no more events
            self._child.send(b"drain")
            self._answer()

    def stacktrace(self, task: str) -> str | None:
        """Return the traceback of the last failure of `task`."""
        found = [span.stacktrace for span in self.spans if span.task == task and span.stacktrace]
        return found[-1] if found else None

    def _take(self, line: str) -> None:
        """Receive an event."""
        event: dict[str, Any] = json.loads(line)
        if "drained" in event or "url" in event:
            if "drained" in event or not self.url:
                self._answers.put(event)
        elif "log" in event:
            record = self._log(event["log"])
            self.logs.append(record)
            self._on_log(record)
        elif "span" in event:
            self.spans.append(self._span(event["span"]))
        elif event["refused"] not in self.refused:
            self.refused.append(event["refused"])

    def _log(self, data: Mapping[str, Any]) -> LogRecord:
        attributes = {name: value for name, value in data["attributes"].items() if name not in _OWN_ATTRIBUTES}
        if attributes.get(_STACKTRACE):
            attributes[_STACKTRACE] = self._paths.clean(attributes[_STACKTRACE])
        task = data["attributes"].get("task_id")
        return LogRecord(data["time"], data["level"] or "INFO", str(data["message"]), attributes, task)

    def _span(self, data: Mapping[str, Any]) -> Span:
        stacktrace = _SDK_FRAME.sub("", self._paths.clean(data["stacktrace"])).strip() if data["stacktrace"] else None
        parts = {name: data[name] for name in ("name", "id", "parent", "start", "end", "error")}
        return Span(**parts, task=data["attributes"].get("task_id"), stacktrace=stacktrace)

    def _answer(self) -> dict[str, Any]:
        try:
            answer = self._answers.get(timeout=SINK_LIMIT)
        except queue.Empty:
            answer = None
        if answer is None:
            message = "the process that receives the worker's logs does not run"
            details = tail(self._child.result().errors)
            raise DiscoveryError(Problem(message, "see its output below", details=details, code="TBX607"))
        return answer
