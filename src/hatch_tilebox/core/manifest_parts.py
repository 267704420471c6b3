"""The parts of a manifest as values, and their JSON form."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from hatch_tilebox.core import identifiers
from hatch_tilebox.core.workflow import EXECUTABLE_MODE, REGULAR_MODE, Project, Workflow, release_filename

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

FORMAT = 2
READABLE = (1, 2)
TRIGGERS = ("cron", "storage-event")
"""The events that start an automation task."""

MAX_FILENAME = 255
MAX_LINE = 10_000_000
MAX_SHOWN = 60
"""The largest number of characters of a wrong text in an error message."""


@dataclass(frozen=True)
class Source:
    """The place of a task class: `path` of a file in the release, and the line of its `class` statement, counted from 1."""

    path: str
    line: int


@dataclass(frozen=True)
class Task:
    """A task that the runner registers.

    `version` is `vMAJOR.MINOR`. `input_schema` is a JSON Schema (2020-12) of the input as Tilebox serializes it, None if it is not
    known. `description` is the first paragraph of the docstring. `object` is `module:qualname` of the task class, `source` its
    place. `trigger` is the event that starts an automation task, one of TRIGGERS, None for other tasks; then the input is that of
    its arguments. With a custom worker command only name and version are known.
    """

    name: str
    version: str
    input_schema: Mapping[str, Any] | None = None
    description: str | None = None
    object: str | None = None
    trigger: str | None = None
    source: Source | None = None


class FileEntry(NamedTuple):
    """A file in a manifest: size in bytes, `mode` "0644" or "0755", `sha256` as 64 hex digits."""

    path: str
    size: int
    mode: str
    sha256: str


def read_format(data: Any) -> int:
    """Return the version of the format of a manifest; the newest if it has none, which the check of its keys reports."""
    form = data.get("format", FORMAT) if isinstance(data, dict) else FORMAT
    if type(form) is not int or form not in READABLE:
        msg = f"format is {form!r}, this version reads {' and '.join(map(str, READABLE))}"
        raise ValueError(msg)
    return form


def json_record(value: Any, where: str, *keys: str) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these keys. Raises ValueError, naming the place `where`."""
    if not isinstance(value, dict) or set(value) != set(keys):
        msg = f"{where or 'manifest'} must be an object of {', '.join(keys)}"
        raise ValueError(msg)
    return value


def typed(value: Any, kind: type[T], where: str) -> T:
    """Return `value` if it is an array or an object, as `kind` says: list or dict. Raises ValueError."""
    if not isinstance(value, kind):
        msg = f"{where} must be {'an array' if kind is list else 'an object'}"
        raise ValueError(msg)  # noqa: TRY004 -- callers handle one kind of error
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        msg = f"{where} must be a string that is not empty"
        raise ValueError(msg)
    return value


def _optional_text(value: Any, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _checked(value: Any, where: str, fault: Callable[[str], str | None]) -> str:
    """Return a text that is used outside the manifest, if `fault` finds nothing wrong with it. Raises ValueError."""
    text = _text(value, where)
    if message := fault(text):
        shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
        msg = f"{where} {message}, not {shown!r}"
        raise ValueError(msg)
    return text


def parse_workflow(value: Any) -> Workflow:
    """Return a workflow from its JSON form. Raises ValueError, as do the functions below."""
    kind = "command" if isinstance(value, dict) and "command" in value else "runner"
    record = json_record(value, "workflow", "slug", kind)
    slug = _checked(record["slug"], "workflow.slug", identifiers.slug_fault)
    if kind == "runner":
        return Workflow(slug, runner=_checked(record["runner"], "workflow.runner", identifiers.runner_fault))
    command = tuple(_text(part, "workflow.command") for part in typed(record["command"], list, "workflow.command"))
    if not command:
        msg = "workflow.command must not be empty"
        raise ValueError(msg)
    return Workflow(slug, command=command)


def parse_project(value: Any, requires: Any) -> Project:
    """Return a project from its JSON form. Since format 2 `requires` has the supported Pythons; before, it is None."""
    if requires is None:
        record, where = json_record(value, "project", "name", "version", "requires_python"), "project.requires_python"
        python = record["requires_python"]
    else:
        record, where = json_record(value, "project", "name", "version"), "requires.python"
        python = json_record(requires, "requires", "environment", "python")["python"]
    project = Project(
        _checked(record["name"], "project.name", identifiers.name_fault),
        _checked(record["version"], "project.version", identifiers.version_fault),
        None if python is None else _checked(python, where, identifiers.requirement_fault),
    )
    if len(release_filename(project)) > MAX_FILENAME:
        msg = f"project.name and project.version are too long for the name of a file, which has at most {MAX_FILENAME} characters"
        raise ValueError(msg)
    return project


def parse_environment(requires: Any) -> tuple[str, ...]:
    """Return the sorted names of `requires.environment`."""
    names = typed(requires["environment"], list, "requires.environment")
    found = tuple(_checked(name, "requires.environment", identifiers.variable_fault) for name in names)
    if list(found) != sorted(set(found)):
        msg = "requires.environment must be sorted, each name once"
        raise ValueError(msg)
    return found


def task_to_dict(task: Task, form: int) -> dict[str, Any]:
    """Return the JSON form of a task in a version of the format."""
    record = {
        "name": task.name,
        "version": task.version,
        "input_schema": task.input_schema,
        "description": task.description,
        "object": task.object,
    }
    if form == 1:
        return record
    return {**record, "trigger": task.trigger, "source": task.source and asdict(task.source)}


def parse_task(value: Any, where: str, form: int) -> Task:
    """Return a task from its JSON form in a version of the format."""
    newer = () if form == 1 else ("trigger", "source")
    record = json_record(value, where, "name", "version", "input_schema", "description", "object", *newer)
    schema, trigger = record["input_schema"], _optional_text(record.get("trigger"), f"{where}.trigger")
    if trigger not in {None, *TRIGGERS}:
        msg = f"{where}.trigger must be {' or '.join(map(repr, TRIGGERS))} or null"
        raise ValueError(msg)
    if schema is not None and not isinstance(schema, dict):
        msg = f"{where}.input_schema must be an object or null"
        raise ValueError(msg)
    return Task(
        _text(record["name"], f"{where}.name"),
        _checked(record["version"], f"{where}.version", identifiers.task_version_fault),
        schema,
        _optional_text(record["description"], f"{where}.description"),
        _optional_text(record["object"], f"{where}.object"),
        trigger,
        _parse_source(record.get("source"), f"{where}.source"),
    )


def _parse_source(value: Any, where: str) -> Source | None:
    if value is None:
        return None
    record = json_record(value, where, "path", "line")
    if type(record["line"]) is not int or not 1 <= record["line"] <= MAX_LINE:
        msg = f"{where}.line must be the number of a line"
        raise ValueError(msg)
    return Source(_text(record["path"], f"{where}.path"), record["line"])


def parse_file(value: Any, where: str) -> FileEntry:
    """Return a file entry from its JSON form."""
    record = json_record(value, where, "path", "size", "mode", "sha256")
    size, mode, sha256 = record["size"], record["mode"], record["sha256"]
    if type(size) is not int or size < 0:
        msg = f"{where}.size must be a number of bytes"
        raise ValueError(msg)
    if mode not in (REGULAR_MODE, EXECUTABLE_MODE):
        msg = f"{where}.mode must be {REGULAR_MODE!r} or {EXECUTABLE_MODE!r}"
        raise ValueError(msg)
    if not isinstance(sha256, str) or not re.fullmatch(r"[0-9a-f]{64}", sha256):
        msg = f"{where}.sha256 must be 64 hex digits"
        raise ValueError(msg)
    return FileEntry(_text(record["path"], f"{where}.path"), size, mode, sha256)
