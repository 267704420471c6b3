"""Explain what is wrong with a start that succeeded: why a release cannot have its tasks, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.short_forms import short_list
from hatch_tilebox.core.task_versions import parse_task_version
from hatch_tilebox.discovery.diagnose.shadowing import shadowing_warnings
from hatch_tilebox.discovery.diagnose.sources import PYPROJECT, lock_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import FileSet, Task, Workflow
    from hatch_tilebox.discovery.diagnose.context import Context

LONGEST_NAME = 256
"""Bytes of a task name. Source: the validation rules in Tilebox's published protobuf definitions."""
SHOWN = 5


def machine_files(context: Context, facts: Mapping[str, Any]) -> list[Problem]:
    """An error for each file outside the release that the code opened while it started."""
    hint = (
        "add the file to the project and to [build] include in tilebox.workflow.toml, and open it by its path relative "
        "to the code; or read its path from an environment variable"
    )
    return [
        Problem(
            f"starting `{context.module}` opens {opened}, which is on this machine and not in the release",
            hint,
            Location(path, line),
            code="TBX310",
        )
        for opened, path, line in facts.get("opened", ())
    ]


def unusable_tasks(tasks: Sequence[Task], workflow: Workflow, location: Location | None) -> Iterator[Problem]:
    """The reasons why a release cannot have these `tasks`."""
    if not tasks:
        asked = f"`{workflow.runner}`" if workflow.runner else f"the worker `{' '.join(workflow.command or ())}`"
        yield Problem(f"{asked} registers no task", "register at least one: `Runner(tasks=[MyTask])`", location, code="TBX305")
    for task in tasks:
        named = f"task {task.name!r}" + (f" ({task.object})" if task.object else "")
        if not parse_task_version(task.version):
            message = f"{named} has the version {task.version!r}; a version is `vMAJOR.MINOR`, such as v1.0"
            yield Problem(message, 'return (name, "v1.0") from its `identifier()`', code="TBX306")
        length = len(task.name.encode())
        if length > LONGEST_NAME:
            yield Problem(f"{named} has a name of {length} bytes; Tilebox takes {LONGEST_NAME}", code="TBX306")


def start_warnings(answer: Mapping[str, Any], files: FileSet, *, locked: bool) -> Iterator[Problem]:
    """Warnings about a start that succeeded."""
    if not locked:
        yield lock_missing(files)
    yield from shadowing_warnings(files.paths)
    if unnamed := answer.get("unnamed"):
        message = f"default task identifiers: {', '.join(unnamed)}; renaming such a class breaks jobs that wait for it"
        hint = "give each a stable name before publishing: a static method `identifier()` that returns (name, version)"
        yield Problem(message, hint, code="TBX311")
    for field, reason in answer.get("unreadable", ()):
        message = f"{field} is written by the SDK and cannot be read again: {reason.partition(' - type ')[0]}"
        yield Problem(message, "annotate it with a type that can; jobs of this task would fail on every runner", code="TBX312")
    for name in answer.get("development", ()):
        message = f"{name} is imported, but is a dependency only in a development group"
        yield Problem(message, f"make it one of the workflow: `uv add {name}`", PYPROJECT, code="TBX209")
    if left_behind := answer.get("left_behind"):
        commands = ", ".join(f"`{command}`" for command in left_behind[:SHOWN])
        message = f"start-up left processes running, which were ended: {commands}"
        yield Problem(message, "start them in a task", code="TBX313")
    if written := answer.get("written"):
        message = f"start-up wrote into the release folder: {short_list(written, SHOWN)}; the release does not hold that"
        hint = "write into a temporary folder or the job cache, and not when a module is imported"
        yield Problem(message, hint, code="TBX313")
    for address, path, line in answer.get("connected", ()):
        message = f"the code connects to {address} while it is imported"
        yield Problem(message, "connect in a task", Location(path, line), code="TBX314")
    if not answer.get("stopped", True):
        message = "the worker did not end when it was asked to (ShutdownWorker), and was killed"
        hint = "let the process end once the server has stopped; a release runner waits for that"
        yield Problem(message, hint, code="TBX313")
