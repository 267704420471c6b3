"""Logs and spans of a worker, and its calls to the Tilebox service that a local run refuses."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


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
    """Collects the events of a sink, which another thread delivers."""

    def __init__(self, on_log: Callable[[LogRecord], None]) -> None:
        self._on_log = on_log
        self._lock = threading.Lock()
        self.logs: list[LogRecord] = []
        self.spans: list[Span] = []
        self.refused: list[str] = []

    def take(self, event: Mapping[str, Any]) -> None:
        """Collect an event of `discovery/in_workflow/worker_sink.py`."""
        with self._lock:
            if "log" in event:
                record = _log(event["log"])
                self.logs.append(record)
                self._on_log(record)
            elif "span" in event:
                self.spans.append(_span(event["span"]))
            elif event["refused"] not in self.refused:
                self.refused.append(event["refused"])

    def stacktrace(self, task: str) -> str | None:
        """Return the traceback of the last failure of `task`."""
        found = [span.stacktrace for span in self.spans if span.task == task and span.stacktrace]
        return found[-1] if found else None


def _log(data: Mapping[str, Any]) -> LogRecord:
    attributes = data["attributes"]
    shown = {name: value for name, value in attributes.items() if name not in _OWN_ATTRIBUTES}
    return LogRecord(data["time"], data["level"] or "INFO", str(data["message"]), shown, attributes.get("task_id"))


def _span(data: Mapping[str, Any]) -> Span:
    stacktrace = data["stacktrace"]
    return Span(
        data["name"],
        data["id"],
        data["parent"],
        data["start"],
        data["end"],
        data["error"],
        data["attributes"].get("task_id"),
        _SDK_FRAME.sub("", stacktrace).strip() if stacktrace else None,
    )
