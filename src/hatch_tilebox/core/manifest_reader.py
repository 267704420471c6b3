"""Reads a manifest from its JSON values, which are not trusted.

Each function returns a part of the manifest. It raises ValueError, naming the place `where`, if the value has another shape.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from hatch_tilebox.core import identifiers
from hatch_tilebox.core.model import FORMAT, TRIGGERS, FileEntry, ReleaseManifest, Source, Task
from hatch_tilebox.core.workflow import EXECUTABLE_MODE, REGULAR_MODE, Project, Workflow, release_filename

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

READABLE = (1, 2)
MAX_FILENAME = 255
MAX_LINE = 10_000_000
MAX_SHOWN = 60
"""The largest number of characters of a wrong text in an error message."""


def read_manifest(data: Any) -> ReleaseManifest:
    """Return the manifest with these JSON values.

    Raises ValueError, naming the key, if `data` has another shape or its fingerprint does not match its content.
    """
    form = data.get("format", FORMAT) if isinstance(data, dict) else FORMAT  # without one, the check of the keys reports it
    readable = type(form) is int and form in READABLE
    _require(readable, f"format is {form!r}, this version reads {' and '.join(map(str, READABLE))}")
    newer = () if form == 1 else ("requires", "extensions")
    manifest = _record(data, "", "format", "workflow", "project", "tasks", "files", "fingerprint", *newer)
    result = ReleaseManifest(
        _workflow(manifest["workflow"]),
        _project(manifest["project"], manifest.get("requires")),
        tuple(_task(item, f"tasks[{i}]", form) for i, item in enumerate(_typed(manifest["tasks"], list, "tasks"))),
        tuple(_file(item, f"files[{i}]") for i, item in enumerate(_typed(manifest["files"], list, "files"))),
        _environment(manifest["requires"]) if newer else (),
        _typed(manifest["extensions"], dict, "extensions") if newer else {},
        form,
    )
    expected = ReleaseManifest.of(result.workflow, result.project, result.tasks, result.files)
    if result.files != expected.files:
        pairs = zip(result.files[1:], result.files, strict=False)
        late = next(file.path for file, before in pairs if file.path.encode() < before.path.encode())
        msg = f"files must be sorted, but {late!r} is not in its place"
        raise ValueError(msg)
    _require(result.tasks == expected.tasks, "tasks must be sorted by name and version, with sources among the files")
    given = manifest["fingerprint"]
    _require(given == result.fingerprint, f"fingerprint is {given!r}, but the content gives {result.fingerprint}")
    return result


def _require(valid: object, fault: str) -> None:
    if not valid:
        raise ValueError(fault)


def _record(value: Any, where: str, *keys: str) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these keys."""
    if not isinstance(value, dict) or set(value) != set(keys):
        msg = f"{where or 'manifest'} must be an object of {', '.join(keys)}"
        raise ValueError(msg)
    return value


def _typed(value: Any, kind: type[T], where: str) -> T:
    """Return `value` if it is an array or an object, as `kind` says: list or dict."""
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
    """Return a text that is used outside the manifest, if `fault` finds nothing wrong with it."""
    text = _text(value, where)
    if message := fault(text):
        shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
        msg = f"{where} {message}, not {shown!r}"
        raise ValueError(msg)
    return text


def _workflow(value: Any) -> Workflow:
    kind = "command" if isinstance(value, dict) and "command" in value else "runner"
    record = _record(value, "workflow", "slug", kind)
    slug = _checked(record["slug"], "workflow.slug", identifiers.slug_fault)
    if kind == "runner":
        return Workflow(slug, runner=_checked(record["runner"], "workflow.runner", identifiers.runner_fault))
    command = tuple(_text(part, "workflow.command") for part in _typed(record["command"], list, "workflow.command"))
    _require(command, "workflow.command must not be empty")
    return Workflow(slug, command=command)


def _project(value: Any, requires: Any) -> Project:
    """Return the project. Since format 2 `requires` has the supported Pythons; before, it is None."""
    if requires is None:
        record, where = _record(value, "project", "name", "version", "requires_python"), "project.requires_python"
        python = record["requires_python"]
    else:
        record, where = _record(value, "project", "name", "version"), "requires.python"
        python = _record(requires, "requires", "environment", "python")["python"]
    project = Project(
        _checked(record["name"], "project.name", identifiers.name_fault),
        _checked(record["version"], "project.version", identifiers.version_fault),
        None if python is None else _checked(python, where, identifiers.requirement_fault),
    )
    fault = f"project.name and project.version are too long for the name of a file, which has at most {MAX_FILENAME} characters"
    _require(len(release_filename(project)) <= MAX_FILENAME, fault)
    return project


def _environment(requires: Any) -> tuple[str, ...]:
    """Return the sorted names of `requires.environment`."""
    names = _typed(requires["environment"], list, "requires.environment")
    found = tuple(_checked(name, "requires.environment", identifiers.variable_fault) for name in names)
    _require(list(found) == sorted(set(found)), "requires.environment must be sorted, each name once")
    return found


def _task(value: Any, where: str, form: int) -> Task:
    newer = () if form == 1 else ("trigger", "source")
    record = _record(value, where, "name", "version", "input_schema", "description", "object", *newer)
    schema, trigger = record["input_schema"], _optional_text(record.get("trigger"), f"{where}.trigger")
    _require(trigger in {None, *TRIGGERS}, f"{where}.trigger must be {' or '.join(map(repr, TRIGGERS))} or null")
    _require(schema is None or isinstance(schema, dict), f"{where}.input_schema must be an object or null")
    return Task(
        _text(record["name"], f"{where}.name"),
        _checked(record["version"], f"{where}.version", identifiers.task_version_fault),
        schema,
        _optional_text(record["description"], f"{where}.description"),
        _optional_text(record["object"], f"{where}.object"),
        trigger,
        _source(record.get("source"), f"{where}.source"),
    )


def _source(value: Any, where: str) -> Source | None:
    if value is None:
        return None
    record = _record(value, where, "path", "line")
    line = record["line"]
    _require(type(line) is int and 1 <= line <= MAX_LINE, f"{where}.line must be the number of a line")
    return Source(_text(record["path"], f"{where}.path"), line)


def _file(value: Any, where: str) -> FileEntry:
    record = _record(value, where, "path", "size", "mode", "sha256")
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
