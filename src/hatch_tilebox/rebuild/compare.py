"""Compare an archive with the one that a rebuild gives. What is missing in a comparison of jobs counts here: every byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.archive.reader import content_digest
from hatch_tilebox.compatibility.releases import FileChange, compare_files
from hatch_tilebox.core.progress import format_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.core.model import Artifact, FileEntry, ReleaseManifest, Task

Result = Literal["identical", "recompressed", "different"]


@dataclass(frozen=True)
class TaskDifference:
    """A task that only one of the releases has, or that both describe in different ways."""

    name: str
    version: str
    kind: Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class Rebuilt:
    """The comparison of a release with its rebuild.

    `result` is "identical" (the same bytes), "recompressed" (the same content, which another version of zstd has compressed) or
    "different". `fields` are the other keys of the manifest whose values differ.
    """

    artifact: Artifact
    fingerprint: str
    result: Result
    files: tuple[FileChange, ...] = ()
    tasks: tuple[TaskDifference, ...] = ()
    fields: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the differences as text, one a line."""
        marks = {"added": "+", "removed": "-", "changed": "~"}
        tasks = [f"{marks[task.kind]} task {task.name} {task.version}" for task in self.tasks]
        files = [_file_line(change) for change in self.files]
        fields = [f"~ {name} in the manifest" for name in self.fields]
        return [*tasks, *files, *fields] or ["~ the headers of the members of the archive"]


def compare_rebuilt(manifest: ReleaseManifest, artifact: Artifact, rebuilt: ReleaseManifest, built: Artifact) -> Rebuilt:
    """Return how a checked archive differs from the one that its rebuild has written."""
    if artifact.sha256 == built.sha256:
        return Rebuilt(built, rebuilt.fingerprint, "identical")
    if content_digest(artifact.path) == content_digest(built.path):
        return Rebuilt(built, rebuilt.fingerprint, "recompressed")
    before, after = manifest.to_dict(), rebuilt.to_dict()
    compared = {"files", "tasks", "fingerprint"}
    fields = sorted(key for key in {*before, *after} - compared if before.get(key) != after.get(key))
    tasks = tuple(_task_differences(manifest.tasks, rebuilt.tasks))
    return Rebuilt(built, rebuilt.fingerprint, "different", compare_files(manifest.files, rebuilt.files), tasks, tuple(fields))


def _task_differences(old: Sequence[Task], new: Sequence[Task]) -> Iterator[TaskDifference]:
    before, after = ({(task.name, task.version): task for task in tasks} for tasks in (old, new))
    for name, version in sorted({*before, *after}):
        was, now = before.get((name, version)), after.get((name, version))
        if was != now:
            yield TaskDifference(name, version, "added" if was is None else "removed" if now is None else "changed")


def _file_line(change: FileChange) -> str:
    if change.old and change.new:
        return f"~ {change.path}  {_described(change.old)} -> {_described(change.new)}"
    return f"- {change.path}  {_described(change.old)}" if change.old else f"+ {change.path}  {_described(change.new)}"


def _described(entry: FileEntry | None) -> str:
    return f"{format_size(entry.size)}, mode {entry.mode}, sha256:{entry.sha256[:12]}" if entry else ""
