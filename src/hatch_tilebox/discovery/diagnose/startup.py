"""Explain why a workflow does not start, or why a release cannot have its tasks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.task_versions import parse_task_version
from hatch_tilebox.discovery import worker
from hatch_tilebox.discovery.diagnose.context import ending, tail
from hatch_tilebox.discovery.diagnose.imports import import_failed
from hatch_tilebox.discovery.diagnose.machine import network_needed
from hatch_tilebox.discovery.diagnose.packages import shadowed_import
from hatch_tilebox.discovery.diagnose.shadowing import shadowing_warnings
from hatch_tilebox.discovery.diagnose.sources import lock_missing
from hatch_tilebox.discovery.diagnose.stacks import describe_stack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_tilebox.core.model import FileSet, Task, Workflow
    from hatch_tilebox.discovery.diagnose.context import Context
    from hatch_tilebox.discovery.process import Finished

LONGEST_NAME = 256
"""Bytes of a task name. Source: the validation rules in Tilebox's published protobuf definitions."""
FIRST_SDK = "0.53"
"""The first version of tilebox-workflows with `Runner`."""
SHOWN_PATHS = 5
SERVE = "it has to serve workflows.v1.WorkerService at TILEBOX_WORKER_ADDRESS"
KILLED = 9
"""The number of SIGKILL."""
MAIN_GUARD = 'start work only under `if __name__ == "__main__":`; the release runner runs the tasks itself'


def start_failed(context: Context, facts: dict[str, Any], finished: Finished) -> Problem:
    """The problem for an answer of the probe that is not a list of tasks."""
    if facts.get("sdk_itself") and _is_old(facts["sdk"]):
        return _old_sdk(context, facts)
    if facts["status"] == "unable":
        return _unable(context, facts, finished)
    if problem := network_needed(context, facts):
        return problem
    if facts["status"] in {"not-served", "ended"}:
        return _not_served(context, facts, finished)
    if facts["status"] == "disagree":
        return _disagreement(context, facts)
    explain = {"missing": _missing, "type": _other_type, "old-sdk": _old_sdk, "exit": _exit}.get(facts["status"], import_failed)
    return explain(context, facts)


def _unable(context: Context, facts: dict[str, Any], finished: Finished) -> Problem:
    """The process could not even report its failure."""
    words = tail(context.paths.clean(finished.errors or finished.output))
    message = f"the process of `{context.workflow.runner}` cannot report on itself: {facts['type']} in Python's own modules"
    shadowed = shadowed_import(context, words or "", None)
    return shadowed._replace(details=words) if shadowed else Problem(message, None, context.location, words, code="TBX308")


def _missing(context: Context, facts: dict[str, Any]) -> Problem:
    names = (facts["runners"] or facts["close"])[:3]
    listed = " or ".join(f"`{context.module}:{name}`" for name in names)
    hint = f"did you mean {listed}?" if names else f"define it in {context.module}: `runner = Runner(tasks=[…])`"
    return Problem(
        f"`{facts['where']}` has no `{facts['part']}`: `{context.workflow.runner}` names nothing",
        hint,
        context.location,
        code="TBX304",
    )


def _other_type(context: Context, facts: dict[str, Any]) -> Problem:
    runner = context.workflow.runner or ""
    module, _, path = runner.partition(":")
    if facts["callable"]:
        hint = f"call it in {module}, `runner = {path}()`, and name `{module}:runner`"
        message = f"`{runner}` is a {facts['callable']}, and has to be a tilebox.workflows.Runner"
    else:
        hint = "name a tilebox.workflows.Runner"
        message = f"`{runner}` is of type {facts['type']}, and has to be a tilebox.workflows.Runner"
    if facts["runners"]:
        hint = " or ".join(f"`{module}:{name}`" for name in facts["runners"][:3])
        hint = f"did you mean {hint}?"
    return Problem(message, hint, context.location, code="TBX304")


def _not_served(context: Context, facts: dict[str, Any], finished: Finished) -> Problem:
    """The runner object is valid, and the worker does not serve it."""
    kind = facts.get("code") or facts.get("type")
    words = context.paths.clean((facts.get("details") or facts.get("message") or "").partition("\n")[0])
    return Problem(
        f"the worker of `{context.workflow.runner}` ended before it listed its tasks" + (f": {kind}: {words}" if kind else ""),
        None,
        context.location,
        tail(context.paths.clean(finished.errors or finished.output)) or None,
        code="TBX315",
    )


def _disagreement(context: Context, facts: dict[str, Any]) -> Problem:
    different = ", ".join(f"{name} {version}" for name, version in facts["different"])
    return Problem(
        f"the worker of `{context.workflow.runner}` lists other tasks than the runner object: {different}",
        "register all tasks before the worker starts, and none later",
        context.location,
        code="TBX315",
    )


def _old_sdk(_: Context, facts: dict[str, Any]) -> Problem:
    return Problem(
        f"tilebox-workflows {facts['sdk']} has no `Runner`: releases need {FIRST_SDK} or later",
        f"run `uv add 'tilebox-workflows>={FIRST_SDK}'`",
        Location("pyproject.toml"),
        code="TBX316",
    )


def _is_old(version: str | None) -> bool:
    numbers = re.match(r"(\d+)\.(\d+)", version or "")
    return numbers is not None and [*map(int, numbers.groups())] < [*map(int, FIRST_SDK.split("."))]


def _exit(context: Context, facts: dict[str, Any]) -> Problem:
    return Problem(
        f"importing `{context.module}` ends the process: SystemExit({facts['code']})",
        MAIN_GUARD,
        _place(facts),
        context.paths.clean(facts["traceback"]),
        code="TBX308",
    )


def _place(facts: Mapping[str, Any]) -> Location | None:
    return Location(*facts["place"]) if facts.get("place") else None


def no_answer(context: Context, result: Finished, hang: str, *, began: bool = True) -> Problem:
    """The problem for a process that ended without an answer.

    `hang` is the stack of a process that exceeded the time limit, `began` whether Python started to run the worker.
    """
    module = context.module
    if result.timed_out or hang:
        stack, place = describe_stack(hang or result.errors, context.paths)
        longer = f"if start-up needs longer, raise `startup-timeout` {OPTIONS_PLACE}"
        return Problem(
            f"importing `{module}` took longer than {context.timeout:g} s, the limit for start-up",
            f"{MAIN_GUARD}; {longer}" if place else longer,
            place or context.location,
            stack or tail(context.paths.clean(result.errors)),
            code="TBX307",
        )
    stack, place = describe_stack(result.errors, context.paths)
    words = stack or tail(context.paths.clean(result.errors or result.output))
    shadowed = shadowed_import(context, context.paths.clean(result.errors), None)
    if shadowed is not None:
        return shadowed._replace(details=words)
    if not began:
        message = f"Python does not start for the worker of `{context.workflow.runner}`: `uv run` {ending(result.returncode)}"
        return Problem(message, None, context.location, words, code="TBX308")
    hint = MAIN_GUARD if result.returncode >= 0 else f"reproduce it with `uv run python -X faulthandler -c 'import {module}'`"
    if result.returncode == -KILLED:
        hint = "check whether it needs more memory than there is: the system then kills a process"
    return Problem(
        f"importing `{module}` does not return: Python {ending(result.returncode)}",
        hint,
        place or context.location,
        words,
        code="TBX308",
    )


def worker_failed(context: Context, error: worker.WorkerError) -> Problem:
    """The problem for a failed start or call of a worker."""
    finished = error.finished
    command = " ".join(context.workflow.command or ("python", "-m", "tilebox.workflows.runner", context.workflow.runner or ""))
    if error.code == worker.PROGRAM:
        return Problem(
            f"the worker command `{command}` cannot be started: {error.details}", "name a program", context.location, code="TBX315"
        )
    if finished is None:
        return Problem(f"the worker `{command}` answered {error.code}: {error.details}", None, context.location, code="TBX315")
    words = tail(context.paths.clean(finished.errors or finished.output))
    if error.code == worker.ENDED:
        hint = (
            None
            if context.workflow.runner
            else "it has to serve workflows.v1.WorkerService at TILEBOX_WORKER_ADDRESS until it is asked to end"
        )
        return Problem(
            f"the worker `{command}` {ending(finished.returncode)} before it listed its tasks",
            hint,
            context.location,
            words,
            code="TBX315",
        )
    if error.code == worker.TIMEOUT:
        stack, place = describe_stack(finished.errors, context.paths)
        return Problem(
            f"the worker `{command}` did not list its tasks within {context.timeout:g} s, the limit for start-up",
            ("" if context.workflow.runner else f"{SERVE}; ")
            + f"if start-up needs longer, raise `startup-timeout` {OPTIONS_PLACE}",
            place or context.location,
            stack or words,
            code="TBX307",
        )
    return Problem(
        "the client that asks the worker for its tasks cannot be run",
        "see its output below",
        context.location,
        words,
        code="TBX315",
    )


def unusable_tasks(tasks: Sequence[Task], workflow: Workflow, location: Location | None) -> list[Problem]:
    """The reasons why a release cannot have these `tasks`."""
    if not tasks:
        asked = f"`{workflow.runner}`" if workflow.runner else f"the worker `{' '.join(workflow.command or ())}`"
        return [Problem(f"{asked} registers no task", "register at least one: `Runner(tasks=[MyTask])`", location, code="TBX305")]
    problems = []
    for task in tasks:
        named = f"task {task.name!r}" + (f" ({task.object})" if task.object else "")
        if not parse_task_version(task.version):
            problems.append(
                Problem(
                    f"{named} has the version {task.version!r}; a version is `vMAJOR.MINOR`, such as v1.0",
                    'return (name, "v1.0") from its `identifier()`',
                    code="TBX306",
                )
            )
        if len(task.name.encode()) > LONGEST_NAME:
            problems.append(
                Problem(f"{named} has a name of {len(task.name.encode())} bytes; Tilebox takes {LONGEST_NAME}", code="TBX306")
            )
    return problems


def start_warnings(answer: Mapping[str, Any], files: FileSet, *, locked: bool) -> list[Problem]:
    """Warnings about a start that succeeded."""
    problems = [] if locked else [lock_missing(files)]
    problems += shadowing_warnings(file.path for file in files.files)
    if unnamed := answer.get("unnamed"):
        problems.append(
            Problem(
                f"default task identifiers: {', '.join(unnamed)}; renaming such a class breaks jobs that wait for it",
                "give each a stable name before publishing: a static method `identifier()` that returns (name, version)",
                code="TBX311",
            )
        )
    problems += [
        Problem(
            f"{field} is written by the SDK and cannot be read again: {reason.partition(' - type ')[0]}",
            "annotate it with a type that can; jobs of this task would fail on every runner",
            code="TBX312",
        )
        for field, reason in answer.get("unreadable", ())
    ]
    problems += [
        Problem(
            f"{name} is imported, but is a dependency only in a development group",
            f"make it one of the workflow: `uv add {name}`",
            Location("pyproject.toml"),
            code="TBX209",
        )
        for name in answer.get("development", ())
    ]
    if left_behind := answer.get("left_behind"):
        commands = ", ".join(f"`{command}`" for command in left_behind[:SHOWN_PATHS])
        problems.append(
            Problem(f"start-up left processes running, which were ended: {commands}", "start them in a task", code="TBX313")
        )
    if written := answer.get("written"):
        more = f" and {len(written) - SHOWN_PATHS} more" if len(written) > SHOWN_PATHS else ""
        problems.append(
            Problem(
                f"start-up wrote into the release folder: {', '.join(written[:SHOWN_PATHS])}{more}; the release does not hold that",
                "write into a temporary folder or the job cache, and not when a module is imported",
                code="TBX313",
            )
        )
    problems += [
        Problem(f"the code connects to {address} while it is imported", "connect in a task", Location(path, line), code="TBX314")
        for address, path, line in answer.get("connected", ())
    ]
    if not answer.get("stopped", True):
        problems.append(
            Problem(
                "the worker did not end when it was asked to (ShutdownWorker), and was killed",
                "let the process end once the server has stopped; a release runner waits for that",
                code="TBX313",
            )
        )
    return problems
