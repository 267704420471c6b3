"""The parts of a release: plain values, no I/O.

Manifests are written in version 2 of the `.tbrelease` format, and read in versions 1 and 2; see `docs/reference/format.md`.
"""

from __future__ import annotations

from functools import cached_property
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from hatch_tilebox.core.constants import MANIFEST_PATH
from hatch_tilebox.core.workflow import FileSet, Pattern, Project, SelectedFile, Workflow, release_filename

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]

__all__ = [
    "FORMAT",
    "MANIFEST_PATH",
    "Artifact",
    "FileEntry",
    "FileSet",
    "Pattern",
    "Project",
    "ReleaseManifest",
    "SelectedFile",
    "Source",
    "Task",
    "Workflow",
    "canonical_json",
    "release_filename",
]


FORMAT = 2
TRIGGERS = ("cron", "storage-event")
"""The events that start an automation task."""


def canonical_json(value: JSON) -> bytes:
    """Return `value` as the format spells it: UTF-8, sorted keys, no insignificant space, a newline at the end.

    Raises ValueError for NaN and the infinities, which JSON does not have.
    """
    return f"{_canonical_text(value)}\n".encode()


def _canonical_text(value: JSON) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _canonical_object(values: Mapping[str, JSON], files: Iterable[str]) -> bytes:
    """Return the canonical JSON of `values` with an array `files`, whose elements are JSON already.

    There may be tens of thousands of files: the encoder would take three times as long for them, and each copy of their text a
    millisecond.
    """
    texts: dict[str, tuple[str, ...]] = {key: (_canonical_text(value),) for key, value in values.items()}
    texts["files"] = ("[", ",".join(files), "]")
    parts = [part for key in sorted(texts) for part in (",", f'"{key}":', *texts[key])]
    return "".join(["{", *parts[1:], "}\n"]).encode()


class Source(NamedTuple):
    """The place of a task class: `path` of a file in the release, and the line of its `class` statement, counted from 1."""

    path: str
    line: int


class Task(NamedTuple):
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

    def to_dict(self, form: int) -> dict[str, Any]:
        """Return the task as JSON values, in a version of the format."""
        record = {
            "name": self.name,
            "version": self.version,
            "input_schema": self.input_schema,
            "description": self.description,
            "object": self.object,
        }
        if form == 1:
            return record
        return {**record, "trigger": self.trigger, "source": self.source and self.source._asdict()}


class FileEntry(NamedTuple):
    """A file in a manifest: size in bytes, `mode` "0644" or "0755", `sha256` as 64 hex digits."""

    path: str
    size: int
    mode: str
    sha256: str


class _Manifest(NamedTuple):
    workflow: Workflow
    project: Project
    tasks: tuple[Task, ...]
    files: tuple[FileEntry, ...]
    environment: tuple[str, ...] = ()
    extensions: Mapping[str, Any] = MappingProxyType({})
    format: int = FORMAT


class ReleaseManifest(_Manifest):
    """The manifest of a release: the first member of the archive.

    `extensions` are values that other tools add. Readers keep them, and ignore unknown ones.
    """

    @classmethod
    def of(
        cls,
        workflow: Workflow,
        project: Project,
        tasks: Sequence[Task],
        files: Sequence[FileEntry],
        environment: Sequence[str] = (),
        extensions: Mapping[str, Any] = MappingProxyType({}),
    ) -> ReleaseManifest:
        """Return a manifest in the order of the format. `environment` names the variables that the release's runner must have.

        The source of a task is left out if it is not one of `files`, as for a class that is generated at import.
        """
        paths = {file.path for file in files}
        placed = (task if task.source is None or task.source.path in paths else task._replace(source=None) for task in tasks)
        return cls(
            workflow,
            project,
            tuple(sorted(placed, key=lambda task: (task.name, task.version))),
            tuple(sorted(files, key=attrgetter("path"))),  # Python orders text as UTF-8 orders its bytes
            tuple(sorted(environment)),
            extensions=extensions,
        )

    @cached_property
    def fingerprint(self) -> str:
        """The digest, as 64 hex digits, of everything that decides how the release behaves, without the compression."""
        import hashlib

        identity: dict[str, JSON] = {
            "tasks": [[task.name, task.version] for task in self.tasks],
            "runner": self.workflow.runner,
            "command": list(self.workflow.command) if self.workflow.command else None,
        }
        from json.encoder import encode_basestring as quoted

        files = [f'[{quoted(path)},"{mode}","{sha256}"]' for path, _, mode, sha256 in self.files]
        return hashlib.sha256(_canonical_object(identity, files)).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON values."""
        files = [{"path": file.path, "size": file.size, "mode": file.mode, "sha256": file.sha256} for file in self.files]
        return {**self.about(), "files": files}

    def about(self) -> dict[str, Any]:
        """Return all but the files as JSON values."""
        workflow: dict[str, Any] = {"slug": self.workflow.slug}
        if self.workflow.command:
            workflow["command"] = list(self.workflow.command)
        else:
            workflow["runner"] = self.workflow.runner
        common: dict[str, Any] = {
            "format": self.format,
            "workflow": workflow,
            "tasks": [task.to_dict(self.format) for task in self.tasks],
            "fingerprint": self.fingerprint,
        }
        project = {"name": self.project.name, "version": self.project.version}
        if self.format == 1:
            return {**common, "project": {**project, "requires_python": self.project.requires_python}}
        requires = {"environment": list(self.environment), "python": self.project.requires_python}
        return {**common, "project": project, "requires": requires, "extensions": dict(self.extensions)}

    def to_json(self) -> bytes:
        """Return the bytes of `.tilebox/release.json`: the canonical JSON of `to_dict`."""
        from json.encoder import encode_basestring as quoted

        files = [
            f'{{"mode":"{mode}","path":{quoted(path)},"sha256":"{sha256}","size":{size}}}'
            for path, size, mode, sha256 in self.files
        ]
        return _canonical_object(self.about(), files)

    @staticmethod
    def from_dict(data: Any) -> ReleaseManifest:
        """Return the manifest with these JSON values, the inverse of `to_dict`.

        Raises ValueError, naming the key, if `data` has another shape or its fingerprint does not match its content.
        """
        from hatch_tilebox.core.manifest_reader import read_manifest

        return read_manifest(data)


class Artifact(NamedTuple):
    """A `.tbrelease` on disk. `sha256` of the whole file is the release's digest; `size` in bytes."""

    path: Path
    sha256: str
    size: int
