"""The task of a release that the user chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, RunError
from hatch_tilebox.core.suggestions import close_match
from hatch_tilebox.core.task_versions import parse_task_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.model import Task


def find_task(tasks: Sequence[Task], wanted: str | None) -> Task:
    """Return the task that `wanted` names, `NAME[@VERSION]`. Any part of a name that only one task has is enough.

    A whole name or last part takes precedence. The highest version wins. None chooses the only task. Raises
    RunError, with a list of the tasks, if none or several match.
    """
    if wanted is None:
        if len(tasks) == 1:
            return tasks[0]
        raise RunError(Problem(f"the release has {len(tasks)} tasks: name one with --task", _listed(tasks), code="TBX602"))
    name, _, version = wanted.rpartition("@") if "@" in wanted else (wanted, "", "")
    found = [task for task in tasks if task.name == name] or [task for task in tasks if _last_part(task.name) == name]
    found = found or [task for task in tasks if name and name.lower() in task.name.lower()]
    if len({task.name for task in found}) > 1:
        raise RunError(Problem(f"several tasks have {name!r} in their names", _listed(found), code="TBX602"))
    if version:
        found = [task for task in found if task.version == f"v{version.removeprefix('v')}"]
    if not found:
        names = {task.name: task for task in tasks} | {_last_part(task.name): task for task in tasks}
        close = close_match(name, names)
        hint = f"did you mean {names[close].name}?" if close and not version else _listed(tasks)
        raise RunError(Problem(f"the release has no task {wanted!r}", hint, code="TBX602"))
    return max(found, key=lambda task: parse_task_version(task.version) or (0, 0))


def _last_part(name: str) -> str:
    return name.rpartition("/")[2]


def _listed(tasks: Sequence[Task]) -> str:
    return "it has\n" + "\n".join(f"  {task.name}@{task.version}" for task in tasks)
