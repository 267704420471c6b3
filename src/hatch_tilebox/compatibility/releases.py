"""Compare two releases, and decide whether jobs submitted to the older one still run on the newer one. No I/O.

Tilebox decides by name and version (see `task_versions`) and trusts the author that a task still reads the input of the older
version. This module compares the inputs too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hatch_tilebox.compatibility.schema_compare import SchemaChange, compare_schemas
from hatch_tilebox.core.task_versions import find_successor, parse_task_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_tilebox.core.model import FileEntry, ReleaseManifest, Task

TaskKind = Literal["unchanged", "added", "compatible", "undecided", "breaking"]
Verdict = Literal["identical", "compatible", "breaking"]
ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class TaskChange:
    """The change of one task. `old` or `new` is None if a release does not have the task.

    `kind` is "unchanged", "added", "compatible" (all submitted jobs still run), "undecided" (that is not known) or "breaking".
    `reasons` are the reasons for the last two, and `not_compared` is what could not be compared. `needs` is the version that the
    new task should have, None if its version is sufficient. `violation` marks a task that rejects, under the same major version,
    input that it used to accept.
    """

    name: str
    kind: TaskKind
    old: Task | None
    new: Task | None
    reasons: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    needs: str | None = None
    violation: bool = False


@dataclass(frozen=True)
class FileChange:
    """A file that is added (`old` is None), removed (`new` is None) or changed in content or mode."""

    path: str
    old: FileEntry | None
    new: FileEntry | None

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON."""
        return {"path": self.path, "kind": change_kind(self.old, self.new), "old": _content(self.old), "new": _content(self.new)}


def _content(entry: FileEntry | None) -> dict[str, Any] | None:
    return {"size": entry.size, "mode": entry.mode, "sha256": entry.sha256} if entry else None


@dataclass(frozen=True)
class PackageChange:
    """A package whose versions differ. A release without the package has no versions."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """The comparison of two releases.

    `verdict` is "identical" if both have the same fingerprint, "compatible" if every task of the old release is known to be
    compatible, else "breaking".
    """

    verdict: Verdict
    tasks: tuple[TaskChange, ...]
    files: tuple[FileChange, ...]

    @property
    def violations(self) -> tuple[TaskChange, ...]:
        """Tasks that reject, under the same major version, input that they used to accept."""
        return tuple(task for task in self.tasks if task.violation)

    @property
    def undeclared(self) -> tuple[TaskChange, ...]:
        """Tasks that break jobs without a new major version. Removed tasks are not among them."""
        return tuple(task for task in self.tasks if task.kind == "breaking" and task.needs)


def change_kind(old: object, new: object) -> ChangeKind:
    """Return the kind of a change from `old` to `new`, of which one may be None or empty."""
    return "added" if not old else "removed" if not new else "changed"


def describe_verdict(comparison: Comparison) -> str:
    """Return the verdict and what it means, with the names of the tasks that break jobs."""
    if comparison.verdict == "identical":
        return "identical: both have the same fingerprint"
    if comparison.verdict == "compatible":
        return "compatible: jobs submitted to the old release run on the new one"
    broken = [change for change in comparison.tasks if change.kind in {"breaking", "undecided"}]
    names = ", ".join(dict.fromkeys(change.name for change in broken))
    if comparison.violations:
        return f"breaking without a new major version: {names}"
    return f"breaking: jobs submitted to the old release may not run on the new one: {names}"


def compare_releases(old: ReleaseManifest, new: ReleaseManifest) -> Comparison:
    """Return the changes from `old` to `new`, and the verdict."""
    tasks = compare_tasks(old.tasks, new.tasks)
    if any(task.kind in {"breaking", "undecided"} for task in tasks):
        verdict: Verdict = "breaking"
    else:
        unchanged = all(task.kind == "unchanged" for task in tasks)
        verdict = "identical" if unchanged and old.fingerprint == new.fingerprint else "compatible"
    return Comparison(verdict, tasks, compare_files(old.files, new.files))


def compare_tasks(old: Sequence[Task], new: Sequence[Task]) -> tuple[TaskChange, ...]:
    """Return the change of every task of `old`, and the tasks that only `new` has, by name and version.

    A task of `old` is compared with the task of `new` that would run its jobs (see `find_successor`), else with the highest version
    of the same name.
    """
    changes: list[TaskChange] = []
    taken: set[int] = set()
    for task in old:
        successor = find_successor(new, task.name, task.version) or _closest(task, new)
        if successor is None:
            changes.append(TaskChange(task.name, "breaking", task, None, (f"{task.version} is removed",)))
            continue
        taken.add(id(successor))
        changes.append(_compare(task, successor))
    changes += [TaskChange(task.name, "added", None, task) for task in new if id(task) not in taken]
    return tuple(sorted(changes, key=lambda change: _order(change.old or change.new)))


def compare_files(old: Sequence[FileEntry], new: Sequence[FileEntry]) -> tuple[FileChange, ...]:
    """Return files that differ in content or mode or that only one release has, sorted like the files of a release."""
    before, after = ({file.path: file for file in files} for files in (old, new))
    paths = sorted({*before, *after}, key=str.encode)
    return tuple(FileChange(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path))


def compare_packages(old: Mapping[str, Sequence[str]], new: Mapping[str, Sequence[str]]) -> tuple[PackageChange, ...]:
    """Return packages whose versions differ, by name. Both map the name of a package to its versions."""
    changes = (PackageChange(name, tuple(old.get(name, ())), tuple(new.get(name, ()))) for name in sorted({*old, *new}))
    return tuple(change for change in changes if sorted(change.old) != sorted(change.new))


def _compare(old: Task, new: Task) -> TaskChange:
    before, after = parse_task_version(old.version), parse_task_version(new.version)
    step = f"{old.version} -> {new.version}"
    found, not_compared = _compare_inputs(old, new)
    broken = tuple(change.text for change in found if change.certain)
    unsure = tuple(change.text for change in found if not change.certain)
    if before is None or after is None:
        reasons = (f"{step}: a version must be vMAJOR.MINOR", *broken, *unsure)
        return TaskChange(old.name, "undecided", old, new, reasons, not_compared)
    if after[0] > before[0]:
        text = f"{step}: jobs submitted as v{before[0]} no longer run"
        return TaskChange(old.name, "breaking", old, new, (text, *broken), (*unsure, *not_compared))
    lowered = (f"{step}: the version was lowered",) if after < before else ()
    if lowered or broken:
        needs = f"v{before[0] + 1}.0" if broken else old.version
        violation = bool(broken) and after[0] == before[0]
        return TaskChange(old.name, "breaking", old, new, (*lowered, *broken), (*unsure, *not_compared), needs, violation)
    if unsure:
        return TaskChange(old.name, "undecided", old, new, unsure, not_compared)
    widened = after == before and bool(_compare_inputs(new, old)[0])
    wanted = f"v{before[0]}.{before[1] + 1}" if widened else None
    return TaskChange(old.name, "compatible" if widened or after > before else "unchanged", old, new, (), not_compared, wanted)


def _compare_inputs(old: Task, new: Task) -> tuple[tuple[SchemaChange, ...], tuple[str, ...]]:
    """Return what the old input accepts and the new one does not, and what could not be compared.

    A changed trigger breaks every job. The arguments are compared all the same, so that one report has all changes.
    """
    changes: tuple[SchemaChange, ...] = ()
    if old.trigger != new.trigger:
        # A release of format 1 has neither triggers nor sources.
        known = all(task.trigger or task.source for task in (old, new))
        changes = (SchemaChange(f"trigger: {old.trigger or 'none'} -> {new.trigger or 'none'}", certain=known),)
    if old.input_schema is None and new.input_schema is None:
        return changes, ("input: not described by either release",)
    if old.input_schema is None or new.input_schema is None:
        return (*changes, SchemaChange("input: described by one of the releases only", certain=False)), ()
    return (*changes, *compare_schemas(old.input_schema, new.input_schema)), ()


def _closest(task: Task, tasks: Sequence[Task]) -> Task | None:
    """Return the task of `tasks` with the same name and version, else the highest version of that name."""
    found = [other for other in tasks if other.name == task.name]
    return max(found, key=lambda other: (other.version == task.version, _order(other)), default=None)


def _order(task: Task | None) -> tuple[str, tuple[int, int]]:
    return (task.name, parse_task_version(task.version) or (-1, 0)) if task else ("", (-1, 0))
