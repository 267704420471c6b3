"""The result of `hatch-tilebox run --json`, read from a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Location, Problem, RunError
from hatch_tilebox.core.extras import extra
from hatch_tilebox.core.json_text import parse_json
from hatch_tilebox.core.paths import read_document

with extra("cli", "reading the result of a run"):
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LARGEST = 64 << 20
_LONGEST = 200
_AS_WRITTEN = ("id", "name", "version", "state", "parent", "input", "attempts", "seconds", "error", "stacktrace")
_HINT = "write the file with `hatch-tilebox run FILE --json > job.json`"


@dataclass(frozen=True)
class JobSpan:
    """A span. `start` and `end` are seconds since the first span of the job."""

    name: str
    start: float
    end: float
    error: bool


@dataclass(frozen=True)
class JobLog:
    """A log record of a task."""

    level: str
    message: str
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class JobTask:
    """A task of a job. `parent` and `depends_on` are ids of other tasks; `depth` is the number of tasks above it."""

    id: str
    name: str
    version: str
    display: str
    state: str
    parent: str | None
    depends_on: tuple[str, ...]
    input: Any
    attempts: int
    seconds: float
    error: str | None
    stacktrace: str | None
    progress: tuple[tuple[str, int, int], ...]
    logs: tuple[JobLog, ...]
    spans: tuple[JobSpan, ...]
    depth: int


@dataclass(frozen=True)
class JobFile:
    """A job: its state, and its tasks, parents before their subtasks."""

    state: str
    tasks: tuple[JobTask, ...]

    @property
    def length(self) -> float:
        """The seconds from the start of the first span to the end of the last one."""
        return max((span.end for task in self.tasks for span in task.spans), default=0.0)


def read_job(path: Path) -> JobFile:
    """Return the job in the file `path`. Raises RunError if it is not the output of `run --json`."""
    try:
        data = read_document(path, _LARGEST) or b""
    except ValueError as error:
        raise _error(path, f"cannot be read: {error}") from error
    try:
        value = parse_json(data)
    except ValueError as error:
        raise _error(path, f"is not the result of a run: {error}") from error
    if fault := _fault(value):
        raise _error(path, f"is not the result of a run: {fault}")
    depths: dict[str, int] = {}
    tasks = []
    for item in value["tasks"]:
        depths[item["id"]] = depths.get(item["parent"], -1) + 1
        tasks.append(_task(item, depths[item["id"]]))
    return JobFile(value["state"], tuple(tasks))


def _error(path: Path, message: str) -> RunError:
    return RunError(Problem(f"it {message}", _HINT, Location(str(path)), code="TBX608"))


def _fault(value: Any) -> str | None:
    """Return where the value differs from the schema of the output, None if it does not."""
    schema = json.loads((files("hatch_tilebox") / "schemas" / "output.schema.json").read_text("utf-8"))
    error = best_match(Draft202012Validator({"$ref": "#/$defs/run", "$defs": schema["$defs"]}).iter_errors(value))
    if error is None:
        return None
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    message = error.message if len(error.message) <= _LONGEST else f"{error.message[:_LONGEST]}…"
    return f"{where}: {message}" if where else message


def _task(item: Mapping[str, Any], depth: int) -> JobTask:
    return JobTask(
        **{name: item[name] for name in _AS_WRITTEN},
        display=item["display"] or item["name"],
        depends_on=tuple(item["depends_on"]),
        progress=tuple((part["label"] or "progress", part["done"], part["total"]) for part in item["progress"]),
        logs=tuple(JobLog(part["level"], part["message"], part["attributes"]) for part in item["logs"]),
        spans=tuple(JobSpan(part["name"], part["start"], part["end"], part["error"]) for part in item["spans"]),
        depth=depth,
    )
