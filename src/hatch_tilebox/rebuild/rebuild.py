"""Build a release again from its source, and compare. What is missing in a comparison of jobs counts here: every byte."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from packaging.version import InvalidVersion, Version

from hatch_tilebox.archive.reader import check_archive, content_digest
from hatch_tilebox.attestations.statement import read_provenance
from hatch_tilebox.compatibility.releases import FileChange, compare_files
from hatch_tilebox.core.errors import Location, Problem, TileboxError
from hatch_tilebox.core.progress import Progress, format_size
from hatch_tilebox.core.temporary import temporary_folder
from hatch_tilebox.core.vendored import EXTENSION
from hatch_tilebox.discovery.process import run
from hatch_tilebox.discovery.uv import require_uv
from hatch_tilebox.project.build_options import setting_name, variable_name
from hatch_tilebox.project.open import open_project
from hatch_tilebox.project.provenance import program_versions
from hatch_tilebox.rebuild.source import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hatch_tilebox.core.model import Artifact, ReleaseManifest, Task
    from hatch_tilebox.rebuild.source import Source

_LIMIT = 1800.0
"""Seconds that a build with the recorded versions may take."""
_MATCHED = ("hatch-tilebox", "hatchling", "python")
"""What can be installed. uv is the one of this machine, and zstd comes with Python or one of its packages."""
_NAMED = 40
"""Differences that a message has."""
_SUMMARIES = {
    "identical": "the same bytes",
    "recompressed": "the same content, compressed by another zstd",
    "different": "another release",
}
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
        fields = [f"~ {name} in the manifest" for name in self.fields]
        return [*tasks, *map(_file_line, self.files), *fields] or ["~ the headers of the members of the archive"]


@dataclass(frozen=True)
class Rebuild:
    """A rebuild: its source, the comparison, and the versions of programs: recorded by the statement, and used.

    `versions` has only the programs whose versions differ.
    """

    source: Source
    rebuilt: Rebuilt
    versions: Mapping[str, tuple[str, str]]

    @property
    def ok(self) -> bool:
        """Whether the rebuild gives the same content."""
        return self.rebuilt.result != "different"

    def warnings(self) -> list[Problem]:
        """Return what makes the proof less than exact."""
        found = []
        if (commit := self.source.commit) and commit.modified:
            message = (
                f"the release was built from a working tree with {len(commit.modified)} files that differ from commit {commit.id}"
            )
            hint = "build it again from a clean tree"
            found.append(Problem(message, hint, details=_listed(commit.modified), code="TBX422"))
        if self.versions and self.rebuilt.result != "identical":
            lines = [f"{name}: {recorded}, here {used}" for name, (recorded, used) in self.versions.items()]
            message = "the release was built with other versions of programs"
            hint = "rebuild it with these versions to get the same bytes" if self.ok else "a difference may come from them"
            found.append(Problem(message, hint, details=_listed(lines), code="TBX422"))
        return found

    def problems(self, path: Path) -> list[Problem]:
        """Return the error about a release in the file `path` that differs from its rebuild."""
        if self.ok:
            return []
        message = f"{self.source.place} gives another release"
        hint = "- is only in the file, + only in the rebuild; submodules are not checked out, so name a folder if there are any"
        return [Problem(message, hint, Location(str(path)), _listed(self.rebuilt.lines()), code="TBX421")]

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON."""
        commit, rebuilt = self.source.commit, self.rebuilt
        return {
            "result": rebuilt.result,
            "source": {
                "kind": self.source.kind,
                "place": self.source.place,
                "commit": commit.id if commit else None,
                "modified": list(commit.modified) if commit else [],
            },
            "digest": rebuilt.artifact.sha256,
            "fingerprint": rebuilt.fingerprint,
            "tasks": [asdict(task) for task in rebuilt.tasks],
            "files": [change.to_dict() for change in rebuilt.files],
            "fields": list(rebuilt.fields),
            "versions": [{"name": name, "recorded": one, "used": other} for name, (one, other) in self.versions.items()],
        }


def rebuild_release(
    manifest: ReleaseManifest, artifact: Artifact, named: Path | None, *, variables: Sequence[str] = (), progress: Progress
) -> Rebuild:
    """Build the release of a checked archive again, and compare the two.

    The source is `named`, a folder or an sdist, by default the commit in the statement beside the archive. If this installation
    gives another content, and the statement records other versions of hatch-tilebox or Python, the build is repeated with those, if
    they can be installed. This runs code of the source. Raises TileboxError if there is no source, or it cannot be built.
    """
    statement = read_provenance(artifact.path, artifact.sha256)
    recorded = dict(statement.versions) if statement else {}
    with temporary_folder() as folder:
        source = open_source(named, artifact.path, statement, folder, progress)
        root = source.project(manifest.workflow.slug)
        off: dict[str, str | bool] = dict.fromkeys(("cache", "sbom", "provenance"), False)
        options = {**off, "vendor": EXTENSION in manifest.extensions, "output-dir": str(folder / "first")}
        progress.started("Rebuilding")
        project = open_project(root, {setting_name(name): value for name, value in options.items()})
        built = project.build(folder / "first", _Details(progress), variables)
        found = _compared(manifest, artifact, built.manifest, built.artifact)
        used: Mapping[str, str] = program_versions()
        if found.result == "different":
            again = _build_with_recorded(root, folder / "second", options, recorded, used, variables, progress.detail)
            if again:
                used, second = again
                found = _compared(manifest, artifact, *second)
        progress.finished(_SUMMARIES[found.result])
    versions = {name: (recorded[name], used.get(name, "unknown")) for name in recorded if recorded[name] != used.get(name)}
    return Rebuild(source, found, versions)


def _build_with_recorded(
    root: Path,
    folder: Path,
    options: Mapping[str, str | bool],
    recorded: Mapping[str, str],
    used: Mapping[str, str],
    variables: Sequence[str],
    on_line: Callable[[str], None],
) -> tuple[dict[str, str], tuple[ReleaseManifest, Artifact]] | None:
    """Build the project in `root` with the recorded versions, which uv installs in an environment of its own.

    Returns the versions that were used, and the release. `used` are the versions of this installation. None if they are the
    recorded ones, or those cannot be installed, or the build fails; `on_line` gets the reason, and the lines of the build.
    """
    wanted = {name: recorded.get(name, "") for name in _MATCHED}
    if not wanted["hatch-tilebox"] or all(used.get(name) == text for name, text in wanted.items() if text):
        return None
    try:
        versions = {name: str(Version(text)) for name, text in wanted.items() if text}
    except InvalidVersion as error:  # the statement may be written by anybody
        on_line(str(error))
        return None
    command = [str(require_uv()), "tool", "run", "--isolated", "--no-progress"]
    command += ["--python", versions["python"]] if "python" in versions else []
    command += ["--with", f"hatchling=={versions['hatchling']}"] if "hatchling" in versions else []
    command += ["--from", f"hatch-tilebox[cli]=={versions['hatch-tilebox']}", "hatch-tilebox", "build"]
    command += [part for variable in variables for part in ("--env", variable)]
    settings = {**options, "output-dir": str(folder), "provenance": True}
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in settings.items()}
    environment = {**os.environ, **{variable_name(name): text for name, text in texts.items()}}
    folder.mkdir()
    done = run([*command, "--", str(root)], folder=folder, environment=environment, timeout=_LIMIT, on_line=on_line)
    paths = [*folder.glob("*.tbrelease")]
    if done.returncode or len(paths) != 1:
        on_line(f"a build with the recorded versions fails: {done.errors.strip() or done.output.strip()}")
        return None
    try:
        manifest, artifact = check_archive(paths[0])
        statement = read_provenance(artifact.path, artifact.sha256)
    except TileboxError as error:
        on_line(str(error))
        return None
    return {**used, **versions, **(statement.versions if statement else {})}, (manifest, artifact)


def _compared(manifest: ReleaseManifest, artifact: Artifact, rebuilt: ReleaseManifest, built: Artifact) -> Rebuilt:
    """Return how a checked archive differs from the one that its rebuild has written."""
    if artifact.sha256 == built.sha256:
        return Rebuilt(built, rebuilt.fingerprint, "identical")
    if content_digest(artifact.path) == content_digest(built.path):
        return Rebuilt(built, rebuilt.fingerprint, "recompressed")
    before, after = manifest.to_dict(), rebuilt.to_dict()
    others = sorted({*before, *after} - {"files", "tasks", "fingerprint"})
    fields = tuple(key for key in others if before.get(key) != after.get(key))
    tasks = tuple(_task_differences(manifest.tasks, rebuilt.tasks))
    return Rebuilt(built, rebuilt.fingerprint, "different", compare_files(manifest.files, rebuilt.files), tasks, fields)


def _task_differences(old: Sequence[Task], new: Sequence[Task]) -> Iterator[TaskDifference]:
    before, after = ({(task.name, task.version): task for task in tasks} for tasks in (old, new))
    for name, version in sorted({*before, *after}):
        was, now = before.get((name, version)), after.get((name, version))
        if was != now:
            yield TaskDifference(name, version, "added" if was is None else "removed" if now is None else "changed")


def _file_line(change: FileChange) -> str:
    sides = [f"{format_size(file.size)}, mode {file.mode}, sha256:{file.sha256[:12]}" for file in (change.old, change.new) if file]
    mark = "~" if change.old and change.new else "-" if change.old else "+"
    return f"{mark} {change.path}  {' -> '.join(sides)}"


def _listed(lines: Sequence[str]) -> str:
    more = [f"and {len(lines) - _NAMED} more"] if len(lines) > _NAMED else []
    return "\n".join([*lines[:_NAMED], *more])


class _Details(Progress):
    """Shows the steps of a build as details of one step."""

    def __init__(self, outer: Progress) -> None:
        self._outer = outer

    def finished(self, summary: str) -> None:
        self._outer.detail(summary)

    def detail(self, message: str) -> None:
        self._outer.detail(message)

    def warning(self, problem: Problem) -> None:
        self._outer.detail(str(problem))
