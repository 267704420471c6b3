"""The parts of a release: plain values, no I/O.

Manifests are written in version 2 of the `.tbrelease` format, and read in versions 1 and 2; see `docs/reference/format.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import MANIFEST_PATH
from hatch_tilebox.core.manifest_parts import (
    FORMAT,
    FileEntry,
    Source,
    Task,
    json_record,
    parse_environment,
    parse_file,
    parse_project,
    parse_task,
    parse_workflow,
    read_format,
    task_to_dict,
    typed,
)
from hatch_tilebox.core.workflow import FileSet, Pattern, Project, SelectedFile, Workflow, release_filename

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
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


def canonical_json(value: JSON) -> bytes:
    """Return `value` as the format spells it: UTF-8, sorted keys, no insignificant space, a newline at the end.

    Raises ValueError for NaN and the infinities, which JSON does not have.
    """
    import json

    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def _canonical_object(values: Mapping[str, JSON], files: Iterable[str]) -> bytes:
    """Return the canonical JSON of `values` with an array `files`, whose elements are JSON already.

    There may be tens of thousands of files: the encoder would take three times as long for them.
    """
    members = {key: canonical_json(value)[:-1] for key, value in values.items()}
    members["files"] = f"[{','.join(files)}]".encode()
    return b"{%b}\n" % b",".join(b'"%b":%b' % (key.encode(), members[key]) for key in sorted(members))


def _json_text() -> Callable[[str], str]:
    """Return a function that returns a text as JSON."""
    import json

    return json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class ReleaseManifest:
    """The manifest of a release: the first member of the archive."""

    workflow: Workflow
    project: Project
    tasks: tuple[Task, ...]
    files: tuple[FileEntry, ...]
    environment: tuple[str, ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)
    """Values that other tools add. Readers keep them, and ignore unknown ones."""
    format: int = FORMAT

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
        placed = (task if task.source is None or task.source.path in paths else replace(task, source=None) for task in tasks)
        return cls(
            workflow,
            project,
            tuple(sorted(placed, key=lambda task: (task.name, task.version))),
            tuple(sorted(files, key=lambda file: file.path.encode())),
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
        quoted = _json_text()
        files = (f'[{quoted(file.path)},"{file.mode}","{file.sha256}"]' for file in self.files)
        return hashlib.sha256(_canonical_object(identity, files)).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON values."""
        files = [{"path": file.path, "size": file.size, "mode": file.mode, "sha256": file.sha256} for file in self.files]
        return {**self._about(), "files": files}

    def _about(self) -> dict[str, Any]:
        """Return all but the files as JSON values."""
        workflow: dict[str, Any] = {"slug": self.workflow.slug}
        if self.workflow.command:
            workflow["command"] = list(self.workflow.command)
        else:
            workflow["runner"] = self.workflow.runner
        common: dict[str, Any] = {
            "format": self.format,
            "workflow": workflow,
            "tasks": [task_to_dict(task, self.format) for task in self.tasks],
            "fingerprint": self.fingerprint,
        }
        project = {"name": self.project.name, "version": self.project.version}
        if self.format == 1:
            return {**common, "project": {**project, "requires_python": self.project.requires_python}}
        requires = {"environment": list(self.environment), "python": self.project.requires_python}
        return {**common, "project": project, "requires": requires, "extensions": dict(self.extensions)}

    def to_json(self) -> bytes:
        """Return the bytes of `.tilebox/release.json`: the canonical JSON of `to_dict`."""
        quoted = _json_text()
        files = (
            f'{{"mode":"{file.mode}","path":{quoted(file.path)},"sha256":"{file.sha256}","size":{file.size}}}'
            for file in self.files
        )
        return _canonical_object(self._about(), files)

    @classmethod
    def from_dict(cls, data: Any) -> ReleaseManifest:
        """Return the manifest with these JSON values, the inverse of `to_dict`.

        Raises ValueError, naming the key, if `data` has another shape or its fingerprint does not match its content.
        """
        form = read_format(data)
        newer = () if form == 1 else ("requires", "extensions")
        manifest = json_record(data, "", "format", "workflow", "project", "tasks", "files", "fingerprint", *newer)
        files = tuple(parse_file(item, f"files[{i}]") for i, item in enumerate(typed(manifest["files"], list, "files")))
        result = cls(
            parse_workflow(manifest["workflow"]),
            parse_project(manifest["project"], manifest.get("requires")),
            tuple(parse_task(item, f"tasks[{i}]", form) for i, item in enumerate(typed(manifest["tasks"], list, "tasks"))),
            files,
            parse_environment(manifest["requires"]) if newer else (),
            typed(manifest["extensions"], dict, "extensions") if newer else {},
            form,
        )
        expected = cls.of(result.workflow, result.project, result.tasks, result.files)
        if (result.tasks, result.files) != (expected.tasks, expected.files):
            paths = [file.path for file in result.files]
            late = next((path for path, before in zip(paths[1:], paths, strict=False) if path.encode() < before.encode()), None)
            tasks = "tasks must be sorted by name and version, with sources among the files"
            msg = f"files must be sorted, but {late!r} is not in its place" if late else tasks
            raise ValueError(msg)
        if manifest["fingerprint"] != result.fingerprint:
            msg = f"fingerprint is {manifest['fingerprint']!r}, but the content gives {result.fingerprint}"
            raise ValueError(msg)
        return result


@dataclass(frozen=True)
class Artifact:
    """A `.tbrelease` on disk. `sha256` of the whole file is the release's digest; `size` in bytes."""

    path: Path
    sha256: str
    size: int
