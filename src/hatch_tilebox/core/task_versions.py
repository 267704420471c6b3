"""Versions of tasks, and the rule that decides which task runs a submitted job.

A runner takes a submitted task if the name is the same, the major version is the same, and the runner's minor version is equal
or greater. Source: https://docs.tilebox.com/workflows/concepts/tasks, "Task Identifiers and versions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hatch_tilebox.core.model import Task


def parse_task_version(text: str) -> tuple[int, int] | None:
    """Return the major and minor number of `vMAJOR.MINOR`, or None if `text` has another form."""
    match = re.fullmatch(r"v([0-9]{1,9})\.([0-9]{1,9})", text)
    return (int(match[1]), int(match[2])) if match else None


def find_successor(tasks: Iterable[Task], name: str, version: str) -> Task | None:
    """Return the task of `tasks` that runs what was submitted as `name` and `version`: the lowest version that is enough."""
    wanted = parse_task_version(version)
    found = [(parse_task_version(task.version), task) for task in tasks if task.name == name]
    fitting = [(number, task) for number, task in found if number and wanted and wanted <= number < (wanted[0] + 1, 0)]
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None
