"""The parts of a manifest: plain values, read from and written to their JSON form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core import identifiers
from hatch_tilebox.core.constants import RELEASE_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "EXECUTABLE_MODE",
    "FORMAT",
    "READABLE",
    "REGULAR_MODE",
    "TRIGGERS",
    "FileEntry",
    "Project",
    "Source",
    "Task",
    "Workflow",
    "array",
    "json_object",
    "json_record",
    "parse_environment",
    "parse_file",
    "parse_project",
    "parse_task",
    "parse_workflow",
    "read_format",
    "release_filename",
    "task_to_dict",
]

FORMAT = 2
READABLE = (1, 2)
TRIGGERS = ("cron", "storage-event")
"""What starts an automation task."""

REGULAR_MODE = "0644"
EXECUTABLE_MODE = "0755"
MAX_FILENAME = 255
MAX_LINE = 10_000_000
MAX_SHOWN = 60
"""Characters of a wrong text that an error repeats."""


class Workflow(NamedTuple):
    """Which workflow a release belongs to and how its worker starts: exactly one of `runner` and `command` is set.

    `runner` is `module:object`, run as `uv run python -m tilebox.workflows.runner module:object`; `command` is a worker command
    of the project's own.
    """

    slug: str
    runner: str | None = None
    command: tuple[str, ...] | None = None


class Project(NamedTuple):
    """The Python project, as its core metadata names it."""

    name: str
    version: str
    requires_python: str | None = None


class Source(NamedTuple):
    """The place of a task class: `path` of a file in the release, and the line of its `class` statement, counted from 1."""

    path: str
    line: int


class Task(NamedTuple):
    """A task that the runner registers.

    `version` is `vMAJOR.MINOR`. `input_schema` is a JSON Schema (2020-12) of the input as Tilebox serializes it, None where it
    cannot be told. `description` is the first paragraph of the docstring its author wrote. `object` is `module:qualname` of the
    task class, `source` its place. `trigger` is what starts an automation task, one of TRIGGERS, None for other tasks; the input
    is that of its arguments then. Of a custom worker command only name and version are known.
    """

    name: str
    version: str
    input_schema: Mapping[str, Any] | None = None
    description: str | None = None
    object: str | None = None
    trigger: str | None = None
    source: Source | None = None


class FileEntry(NamedTuple):
    """A file as the manifest names it: size in bytes, `mode` "0644" or "0755", `sha256` as 64 hex digits."""

    path: str
    size: int
    mode: str
    sha256: str


def release_filename(project: Project) -> str:
    """`<name>-<version>.tbrelease`, both spelled as in a wheel's file name.

    Source: the binary distribution format, https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    name = identifiers.normalized_name(project.name).replace("-", "_")
    return f"{name}-{project.version.replace('-', '_')}{RELEASE_SUFFIX}"


def read_format(data: Any) -> int:
    """The version of the format of a manifest; the newest where there is none, which the check of keys then reports."""
    form = data.get("format", FORMAT) if isinstance(data, dict) else FORMAT
    if type(form) is not int or form not in READABLE:
        msg = f"format is {form!r}, this version reads {' and '.join(map(str, READABLE))}"
        raise ValueError(msg)
    return form


def json_record(value: Any, where: str, *keys: str) -> dict[str, Any]:
    """`value` where it is an object of just these keys. Raises ValueError, naming the place `where`."""
    if not isinstance(value, dict) or set(value) != set(keys):
        msg = f"{where or 'manifest'} must be an object of {', '.join(keys)}"
        raise ValueError(msg)
    return value


def array(value: Any, where: str) -> list[Any]:
    """`value` where it is an array. Raises ValueError."""
    if not isinstance(value, list):
        msg = f"{where} must be an array"
        raise ValueError(msg)  # noqa: TRY004 -- one kind of error for whoever reads foreign data
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        msg = f"{where} must be a string that is not empty"
        raise ValueError(msg)
    return value


def _optional_text(value: Any, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _judged(value: Any, where: str, fault: Callable[[str], str | None]) -> str:
    """A text of which something is made outside the manifest: `fault` says what is wrong with it."""
    text = _text(value, where)
    if message := fault(text):
        shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
        msg = f"{where} {message}, not {shown!r}"
        raise ValueError(msg)
    return text


def parse_workflow(value: Any) -> Workflow:
    """A workflow from its JSON form. Raises ValueError, as do the functions below."""
    kind = "command" if isinstance(value, dict) and "command" in value else "runner"
    record = json_record(value, "workflow", "slug", kind)
    slug = _judged(record["slug"], "workflow.slug", identifiers.slug_fault)
    if kind == "runner":
        return Workflow(slug, runner=_judged(record["runner"], "workflow.runner", identifiers.runner_fault))
    command = tuple(_text(part, "workflow.command") for part in array(record["command"], "workflow.command"))
    if not command:
        msg = "workflow.command must not be empty"
        raise ValueError(msg)
    return Workflow(slug, command=command)


def parse_project(value: Any, requires: Any) -> Project:
    """`requires` has the supported Pythons from format 2 on; before, it is None, and the project has them."""
    if requires is None:
        record, where = json_record(value, "project", "name", "version", "requires_python"), "project.requires_python"
        python = record["requires_python"]
    else:
        record, where = json_record(value, "project", "name", "version"), "requires.python"
        python = json_record(requires, "requires", "environment", "python")["python"]
    project = Project(
        _judged(record["name"], "project.name", identifiers.name_fault),
        _judged(record["version"], "project.version", identifiers.version_fault),
        None if python is None else _judged(python, where, identifiers.requirement_fault),
    )
    if len(release_filename(project)) > MAX_FILENAME:
        msg = f"project.name and project.version are too long for the name of a file, which has at most {MAX_FILENAME} characters"
        raise ValueError(msg)
    return project


def parse_environment(requires: Any) -> tuple[str, ...]:
    """The names of `requires.environment`, sorted."""
    names = array(requires["environment"], "requires.environment")
    found = tuple(_judged(name, "requires.environment", identifiers.variable_fault) for name in names)
    if list(found) != sorted(set(found)):
        msg = "requires.environment must be sorted, each name once"
        raise ValueError(msg)
    return found


def json_object(value: Any, where: str) -> dict[str, Any]:
    """`value` where it is an object. Raises ValueError."""
    if not isinstance(value, dict):
        msg = f"{where} must be an object"
        raise ValueError(msg)  # noqa: TRY004 -- one kind of error for whoever reads foreign data
    return value


def task_to_dict(task: Task, form: int) -> dict[str, Any]:
    """A task in its JSON form of a version of the format."""
    record = {
        "name": task.name,
        "version": task.version,
        "input_schema": task.input_schema,
        "description": task.description,
        "object": task.object,
    }
    if form == 1:
        return record
    return {**record, "trigger": task.trigger, "source": task.source and task.source._asdict()}


def parse_task(value: Any, where: str, form: int) -> Task:
    """A task from its JSON form of a version of the format."""
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
        _judged(record["version"], f"{where}.version", identifiers.task_version_fault),
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
    """A file entry from its JSON form."""
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
