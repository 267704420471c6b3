"""The parts of a release: plain values, no I/O.

Manifests are written in version 2 of the `.tbrelease` format, and read in versions 1 and 2; see `docs/reference/format.md`.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core import identifiers
from hatch_tilebox.names import RELEASE_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hatch_tilebox.errors import Location, Problem

    JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]

__all__ = [
    "FORMAT",
    "MANIFEST_PATH",
    "TRIGGERS",
    "Artifact",
    "FileEntry",
    "FileSet",
    "Pattern",
    "Project",
    "ReleaseManifest",
    "Requires",
    "SelectedFile",
    "Source",
    "Task",
    "Workflow",
    "canonical_json",
    "release_filename",
]

FORMAT = 2
READABLE = (1, 2)
TRIGGERS = ("cron", "storage-event")
"""What starts an automation task."""
MANIFEST_PATH = ".tilebox/release.json"

REGULAR_MODE = "0644"
EXECUTABLE_MODE = "0755"
MAX_FILENAME = 255
MAX_SHOWN = 60
"""Characters of a wrong text that an error repeats."""


def canonical_json(value: JSON) -> bytes:
    """The one spelling of `value` that the format knows: UTF-8, sorted keys, no insignificant space, a newline at the end.

    Raises ValueError for NaN and the infinities, which JSON cannot hold.
    """
    import json

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


class Pattern(NamedTuple):
    """A glob from the configuration, with the place where it is written."""

    text: str
    location: Location | None = None


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


class Requires(NamedTuple):
    """What a release needs of its runner: names of environment variables, sorted, and versions of Python (PEP 440)."""

    environment: tuple[str, ...] = ()
    python: str | None = None


class SelectedFile(NamedTuple):
    """A regular file that goes into a release: `path` inside it (`/` between parts), `on_disk` its path here, size in bytes.

    With `link`, a link to that file stands on disk.

    A tuple with text in it, for a release may have tens of thousands: `Path` objects would take longer than finding the files.
    """

    path: str
    on_disk: str
    size: int
    executable: bool = False
    link: bool = False

    @property
    def source(self) -> Path:
        """Where the file is on this machine."""
        return Path(self.on_disk)

    @property
    def mode(self) -> str:
        """The mode in the archive: "0755" for a file that its owner may execute, else "0644"."""
        return EXECUTABLE_MODE if self.executable else REGULAR_MODE


class FileSet(NamedTuple):
    """The files selected under `root`, sorted by the UTF-8 bytes of their paths, and what is doubtful about them.

    `ignore_files` are the paths of the ignore files that had a say.
    """

    root: Path
    files: tuple[SelectedFile, ...]
    warnings: tuple[Problem, ...] = ()
    ignore_files: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together, before compression."""
        return sum(file.size for file in self.files)


class FileEntry(NamedTuple):
    """A file as the manifest names it: size in bytes, `mode` "0644" or "0755", `sha256` as 64 hex digits."""

    path: str
    size: int
    mode: str
    sha256: str


class ReleaseManifest(NamedTuple):
    """What a release says about itself; the first member of the archive."""

    workflow: Workflow
    project: Project
    tasks: tuple[Task, ...]
    files: tuple[FileEntry, ...]
    environment: tuple[str, ...] = ()
    extensions: Mapping[str, Any] = MappingProxyType({})
    """What other tools add. Readers keep it, and ignore what they do not know."""
    format: int = FORMAT

    @classmethod
    def of(
        cls,
        workflow: Workflow,
        project: Project,
        tasks: Sequence[Task],
        files: Sequence[FileEntry],
        environment: Sequence[str] = (),
    ) -> ReleaseManifest:
        """A manifest with everything in the order of the format. `environment` names the variables that its runner must have."""
        return cls(
            workflow,
            project,
            tuple(sorted(tasks, key=lambda task: (task.name, task.version))),
            tuple(sorted(files, key=lambda file: file.path.encode())),
            tuple(sorted(environment)),
        )

    @property
    def requires(self) -> Requires:
        """What the release needs of its runner."""
        return Requires(self.environment, self.project.requires_python)

    @property
    def fingerprint(self) -> str:
        """64 hex digits over everything that decides how the release behaves; it outlives a change of compressor."""
        import hashlib

        identity: JSON = {
            "tasks": [[task.name, task.version] for task in self.tasks],
            "files": [[file.path, file.mode, file.sha256] for file in self.files],
            "runner": self.workflow.runner,
            "command": list(self.workflow.command) if self.workflow.command else None,
        }
        return hashlib.sha256(canonical_json(identity)).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The manifest as JSON values."""
        workflow: dict[str, Any] = {"slug": self.workflow.slug}
        if self.workflow.command:
            workflow["command"] = list(self.workflow.command)
        else:
            workflow["runner"] = self.workflow.runner
        common: dict[str, Any] = {
            "format": self.format,
            "workflow": workflow,
            "tasks": [_task_to_dict(task, self.format) for task in self.tasks],
            "files": [{"path": file.path, "size": file.size, "mode": file.mode, "sha256": file.sha256} for file in self.files],
            "fingerprint": self.fingerprint,
        }
        project = {"name": self.project.name, "version": self.project.version}
        if self.format == 1:
            return {**common, "project": {**project, "requires_python": self.project.requires_python}}
        requires = {"environment": list(self.environment), "python": self.project.requires_python}
        return {**common, "project": project, "requires": requires, "extensions": dict(self.extensions)}

    def to_json(self) -> bytes:
        """The bytes of `.tilebox/release.json`."""
        return canonical_json(self.to_dict())

    @classmethod
    def from_dict(cls, data: Any) -> ReleaseManifest:
        """Read back what `to_dict` gives.

        Raises ValueError, naming the key, where `data` is of another shape or its fingerprint is not the one of its content.
        """
        form = _format(data)
        newer = () if form == 1 else ("requires", "extensions")
        manifest = _record(data, "", "format", "workflow", "project", "tasks", "files", "fingerprint", *newer)
        files = tuple(_parse_file(item, f"files[{i}]") for i, item in enumerate(_list(manifest["files"], "files")))
        result = cls(
            _parse_workflow(manifest["workflow"]),
            _parse_project(manifest["project"], manifest.get("requires")),
            tuple(_parse_task(item, f"tasks[{i}]", form) for i, item in enumerate(_list(manifest["tasks"], "tasks"))),
            files,
            _parse_environment(manifest["requires"]) if newer else (),
            _object(manifest["extensions"], "extensions") if newer else {},
            form,
        )
        expected = cls.of(result.workflow, result.project, result.tasks, result.files)
        if (result.tasks, result.files) != (expected.tasks, expected.files):
            paths = [file.path for file in result.files]
            late = next((path for path, before in zip(paths[1:], paths, strict=False) if path.encode() < before.encode()), None)
            msg = f"files must be sorted, but {late!r} is not in its place" if late else "tasks must be sorted by name and version"
            raise ValueError(msg)
        if manifest["fingerprint"] != result.fingerprint:
            msg = f"fingerprint is {manifest['fingerprint']!r}, but the content gives {result.fingerprint}"
            raise ValueError(msg)
        return result


class Artifact(NamedTuple):
    """A `.tbrelease` on disk. `sha256` of the whole file is the release's digest; `size` in bytes."""

    path: Path
    sha256: str
    size: int


def release_filename(project: Project) -> str:
    """`<name>-<version>.tbrelease`, both spelled as in a wheel's file name.

    Source: the binary distribution format, https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    """
    name = re.sub(r"[-_.]+", "_", project.name).lower()
    return f"{name}-{project.version.replace('-', '_')}{RELEASE_SUFFIX}"


def _format(data: Any) -> int:
    """The version of the format of a manifest; the newest where there is none, which the check of keys then reports."""
    form = data.get("format", FORMAT) if isinstance(data, dict) else FORMAT
    if type(form) is not int or form not in READABLE:
        msg = f"format is {form!r}, this version reads {' and '.join(map(str, READABLE))}"
        raise ValueError(msg)
    return form


def _record(value: Any, where: str, *keys: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(keys):
        msg = f"{where or 'manifest'} must be an object of {', '.join(keys)}"
        raise ValueError(msg)
    return value


def _list(value: Any, where: str) -> list[Any]:
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


def _parse_workflow(value: Any) -> Workflow:
    kind = "command" if isinstance(value, dict) and "command" in value else "runner"
    record = _record(value, "workflow", "slug", kind)
    slug = _judged(record["slug"], "workflow.slug", identifiers.slug_fault)
    if kind == "runner":
        return Workflow(slug, runner=_judged(record["runner"], "workflow.runner", identifiers.runner_fault))
    command = tuple(_text(part, "workflow.command") for part in _list(record["command"], "workflow.command"))
    if not command:
        msg = "workflow.command must not be empty"
        raise ValueError(msg)
    return Workflow(slug, command=command)


def _parse_project(value: Any, requires: Any) -> Project:
    """`requires` has the supported Pythons from format 2 on; before, it is None, and the project has them."""
    if requires is None:
        record, where = _record(value, "project", "name", "version", "requires_python"), "project.requires_python"
        python = record["requires_python"]
    else:
        record, where = _record(value, "project", "name", "version"), "requires.python"
        python = _record(requires, "requires", "environment", "python")["python"]
    project = Project(
        _judged(record["name"], "project.name", identifiers.name_fault),
        _judged(record["version"], "project.version", identifiers.version_fault),
        None if python is None else _judged(python, where, identifiers.requirement_fault),
    )
    if len(release_filename(project)) > MAX_FILENAME:
        msg = f"project.name and project.version are too long for the name of a file, which has at most {MAX_FILENAME} characters"
        raise ValueError(msg)
    return project


def _parse_environment(requires: Any) -> tuple[str, ...]:
    names = _list(requires["environment"], "requires.environment")
    found = tuple(_judged(name, "requires.environment", identifiers.variable_fault) for name in names)
    if list(found) != sorted(set(found)):
        msg = "requires.environment must be sorted, each name once"
        raise ValueError(msg)
    return found


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        msg = f"{where} must be an object"
        raise ValueError(msg)  # noqa: TRY004 -- one kind of error for whoever reads foreign data
    return value


def _task_to_dict(task: Task, form: int) -> dict[str, Any]:
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


def _parse_task(value: Any, where: str, form: int) -> Task:
    newer = () if form == 1 else ("trigger", "source")
    record = _record(value, where, "name", "version", "input_schema", "description", "object", *newer)
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
    record = _record(value, where, "path", "line")
    if type(record["line"]) is not int or record["line"] < 1:
        msg = f"{where}.line must be a number of a line"
        raise ValueError(msg)
    return Source(_text(record["path"], f"{where}.path"), record["line"])


def _parse_file(value: Any, where: str) -> FileEntry:
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
