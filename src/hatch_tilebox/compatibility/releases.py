"""What changed between two releases, and whether jobs submitted to the older one still run on the newer one. No I/O.

Tilebox's rule: a runner takes a submitted task if the name is the same, the major version is the same, and the runner's minor
version is equal or greater. What the rule trusts the author with, that the input is still read, is compared here.
Source: https://docs.tilebox.com/workflows/concepts/tasks, "Task Identifiers and versions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.compatibility.schema_compare import Finding, compare_schemas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_tilebox.core.model import FileEntry, ReleaseManifest, Task

__all__ = [
    "Comparison",
    "FileChange",
    "PackageChange",
    "TaskChange",
    "compare_files",
    "compare_packages",
    "compare_releases",
    "compare_tasks",
]

TaskKind = Literal["unchanged", "added", "compatible", "undecided", "breaking"]
Verdict = Literal["identical", "compatible", "breaking"]


@dataclass(frozen=True)
class TaskChange:
    """What became of one task. `old` or `new` is None where a release does not have it.

    `kind` is "unchanged", "added", "compatible" (all that was submitted still runs), "undecided" (that cannot be told) or
    "breaking". `reasons` say why it is one of the last two, `doubts` what could not be compared. `needs` is the version that the
    new task should have, None where its own will do. `violation` marks the one mistake that the version cannot excuse: an
    input that was accepted is refused under the same major version.
    """

    name: str
    kind: TaskKind
    old: Task | None
    new: Task | None
    reasons: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    needs: str | None = None
    violation: bool = False


@dataclass(frozen=True)
class FileChange:
    """A file that was added (`old` is None), removed (`new` is None) or changed in content or mode."""

    path: str
    old: FileEntry | None
    new: FileEntry | None


@dataclass(frozen=True)
class PackageChange:
    """A package whose locked versions differ; none where a lock file does not have it."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Two releases compared.

    `verdict` is "identical" where both have one fingerprint, "compatible" where every task of the old release is proven to be,
    else "breaking": an undecided task is not proven. `violations` are the changes that the new release must not be published with.
    """

    verdict: Verdict
    tasks: tuple[TaskChange, ...]
    files: tuple[FileChange, ...]

    @property
    def violations(self) -> tuple[TaskChange, ...]:
        """Tasks that refuse, under the same major version, an input they accepted."""
        return tuple(task for task in self.tasks if task.violation)

    @property
    def unsaid(self) -> tuple[TaskChange, ...]:
        """Tasks that break jobs although their version says that it does not. A task that is gone has none that could."""
        return tuple(task for task in self.tasks if task.kind == "breaking" and task.needs)


def compare_releases(old: ReleaseManifest, new: ReleaseManifest) -> Comparison:
    """What changed from `old` to `new`, and the verdict."""
    tasks = compare_tasks(old.tasks, new.tasks)
    if any(task.kind in {"breaking", "undecided"} for task in tasks):
        verdict: Verdict = "breaking"
    else:
        unchanged = all(task.kind == "unchanged" for task in tasks)
        verdict = "identical" if unchanged and old.fingerprint == new.fingerprint else "compatible"
    return Comparison(verdict, tasks, compare_files(old.files, new.files))


def compare_tasks(old: Sequence[Task], new: Sequence[Task]) -> tuple[TaskChange, ...]:
    """What became of every task of `old`, and the tasks that only `new` has; by name, then by version.

    A task of `old` is compared with the one of `new` that would run its jobs: same name, same major version, the lowest minor
    version that is enough. Where there is none, the highest version of that name stands for it.
    """
    changes: list[TaskChange] = []
    taken: set[int] = set()
    for task in old:
        heir = _heir(task, [heir for heir in new if heir.name == task.name])
        if heir is None:
            changes.append(TaskChange(task.name, "breaking", task, None, (f"{task.version} is gone",)))
            continue
        taken.add(id(heir))
        changes.append(_compare(task, heir))
    changes += [TaskChange(task.name, "added", None, task) for task in new if id(task) not in taken]
    return tuple(sorted(changes, key=lambda change: _order(change.old or change.new)))


def compare_files(old: Sequence[FileEntry], new: Sequence[FileEntry]) -> tuple[FileChange, ...]:
    """Files that differ in content or mode, or that only one side has; sorted like the files of a release."""
    before, after = ({file.path: file for file in files} for files in (old, new))
    paths = sorted({*before, *after}, key=str.encode)
    return tuple(FileChange(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path))


def compare_packages(old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> tuple[PackageChange, ...]:
    """Packages whose versions differ, by name. Both map a package's name to its versions, of which a lock file may have several."""
    changes = (PackageChange(name, tuple(old.get(name, ())), tuple(new.get(name, ()))) for name in sorted({*old, *new}))
    return tuple(change for change in changes if sorted(change.old) != sorted(change.new))


def _compare(old: Task, new: Task) -> TaskChange:
    before, after = _version(old), _version(new)
    step = f"{old.version} -> {new.version}"
    found, doubts = _compare_inputs(old, new)
    broken = tuple(finding.text for finding in found if finding.certain)
    unsure = tuple(finding.text for finding in found if not finding.certain)
    if before is None or after is None:
        return TaskChange(old.name, "undecided", old, new, (f"{step}: a version must be vMAJOR.MINOR", *broken, *unsure), doubts)
    if after[0] > before[0]:
        text = f"{step}: jobs submitted as v{before[0]} are not taken any more"
        return TaskChange(old.name, "breaking", old, new, (text, *broken), (*unsure, *doubts))
    lowered = (f"{step}: the version was lowered",) if after < before else ()
    if lowered or broken:
        needs = f"v{before[0] + 1}.0" if broken else old.version
        violation = bool(broken) and after[0] == before[0]
        return TaskChange(old.name, "breaking", old, new, (*lowered, *broken), (*unsure, *doubts), needs, violation)
    if unsure:
        return TaskChange(old.name, "undecided", old, new, unsure, doubts)
    widened = after == before and bool(_compare_inputs(new, old)[0])
    wanted = f"v{before[0]}.{before[1] + 1}" if widened else None
    return TaskChange(old.name, "compatible" if widened or after > before else "unchanged", old, new, (), doubts, wanted)


def _compare_inputs(old: Task, new: Task) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What the old input accepts and the new one does not, and what could not be compared because nothing is known of either."""
    if old.trigger != new.trigger:
        # A release of format 1 says neither trigger nor source.
        known = all(task.trigger or task.source for task in (old, new))
        return (Finding(f"trigger: {old.trigger or 'none'} -> {new.trigger or 'none'}", certain=known),), ()
    if old.input_schema is None and new.input_schema is None:
        return (), ("input: not described by either release",)
    if old.input_schema is None or new.input_schema is None:
        return (Finding("input: described by one of the releases only", certain=False),), ()
    return compare_schemas(old.input_schema, new.input_schema), ()


def _heir(task: Task, heirs: Sequence[Task]) -> Task | None:
    """Which of `heirs`, all of its name, would run the jobs of `task`, or else comes closest."""
    version = _version(task)
    if version is None or not heirs:
        return next((heir for heir in heirs if heir.version == task.version), heirs[0] if heirs else None)
    versions = [(found, heir) for heir in heirs if (found := _version(heir))]
    fitting = [pair for pair in versions if pair[0][0] == version[0] and pair[0][1] >= version[1]]
    if fitting:
        return min(fitting, key=lambda pair: pair[0])[1]
    return max(versions, key=lambda pair: pair[0])[1] if versions else heirs[0]


def _version(task: Task) -> tuple[int, int] | None:
    match = re.fullmatch(r"v([0-9]{1,9})\.([0-9]{1,9})", task.version)
    return (int(match[1]), int(match[2])) if match else None


def _order(task: Task | None) -> tuple[str, tuple[int, int]]:
    return (task.name, _version(task) or (0, 0)) if task else ("", (0, 0))
