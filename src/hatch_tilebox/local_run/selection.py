"""Which task of a release is meant, or takes what was submitted."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, RunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.core.model import Task

__all__ = ["find_heir", "find_task"]


def find_task(tasks: Sequence[Task], wanted: str | None) -> Task:
    """The task that `wanted`, `NAME[@VERSION]`, means: the last part of a name will do, and of several versions the highest is it.

    None means the only task there is. Raises RunError, listing the tasks, where none or several are meant.
    """
    if wanted is None:
        if len(tasks) == 1:
            return tasks[0]
        raise RunError(Problem(f"the release has {len(tasks)} tasks: name one with --task", _listed(tasks)))
    name, _, version = wanted.rpartition("@") if "@" in wanted else (wanted, "", "")
    found = [task for task in tasks if task.name == name] or [task for task in tasks if _last_part(task.name) == name]
    if len({task.name for task in found}) > 1:
        raise RunError(Problem(f"several tasks end with {name!r}", _listed(found)))
    if version:
        found = [task for task in found if task.version == f"v{version.removeprefix('v')}"]
    if not found:
        names = {task.name: task for task in tasks} | {_last_part(task.name): task for task in tasks}
        close = get_close_matches(name, names, 1)
        hint = f"did you mean {names[close[0]].name}?" if close and not version else _listed(tasks)
        raise RunError(Problem(f"the release has no task {wanted!r}", hint))
    return max(found, key=lambda task: _version(task.version) or (0, 0))


def find_heir(tasks: Sequence[Task], name: str, version: str) -> Task | None:
    """The task that takes what was submitted as `name` and `version`: same name, same major version, at least the same minor one.

    Source: https://docs.tilebox.com/workflows/concepts/tasks
    """
    wanted = _version(version)
    fitting = [
        (found, task)
        for task in tasks
        if task.name == name and wanted and (found := _version(task.version)) and found[0] == wanted[0] and found[1] >= wanted[1]
    ]
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _version(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"v([0-9]{1,9})\.([0-9]{1,9})", text)
    return (int(match[1]), int(match[2])) if match else None


def _last_part(name: str) -> str:
    return name.rpartition("/")[2]


def _listed(tasks: Sequence[Task]) -> str:
    return "it has\n" + "\n".join(f"  {task.name}@{task.version}" for task in tasks)
