"""Explain why a workflow does not start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import OPTIONS_PLACE
from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.discovery import worker
from hatch_tilebox.discovery.diagnose.context import ending, which_runner
from hatch_tilebox.discovery.diagnose.imports import import_failed
from hatch_tilebox.discovery.diagnose.shadowing import shadowed_import
from hatch_tilebox.discovery.diagnose.sources import PYPROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hatch_tilebox.discovery.diagnose.context import Context, Paths
    from hatch_tilebox.discovery.process import Finished

FIRST_SDK = "0.53"
"""The first version of tilebox-workflows with `Runner`."""
SERVE = "it has to serve workflows.v1.WorkerService at TILEBOX_WORKER_ADDRESS"
KILLED = -9
"""The return code after SIGKILL."""
MAIN_GUARD = 'start work only under `if __name__ == "__main__":`; the release runner runs the tasks itself'
LONGER = f"if start-up needs longer, raise `startup-timeout` {OPTIONS_PLACE}"
FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<name>.+)$', re.MULTILINE)
SHOWN_FRAMES = 10


def start_failed(context: Context, facts: dict[str, Any], finished: Finished) -> Problem:
    """The problem for an answer of the probe that is not a list of tasks."""
    status = facts["status"]
    if status == "old-sdk" or (facts.get("sdk_itself") and _is_old(facts["sdk"])):
        message = f"tilebox-workflows {facts['sdk']} has no `Runner`: releases need {FIRST_SDK} or later"
        return Problem(message, f"run `uv add 'tilebox-workflows>={FIRST_SDK}'`", PYPROJECT, code="TBX316")
    if status == "unable":
        return _unable(context, facts, finished)
    if problem := _network_needed(context, facts):
        return problem
    if status in {"not-served", "ended"}:
        return _not_served(context, facts, finished)
    explain = {"missing": _missing, "type": _other_type, "exit": _exit, "disagree": _disagreement}.get(status, import_failed)
    return explain(context, facts)


def _is_old(version: str | None) -> bool:
    numbers = re.match(r"(\d+)\.(\d+)", version or "")
    return numbers is not None and [*map(int, numbers.groups())] < [*map(int, FIRST_SDK.split("."))]


def _unable(context: Context, facts: dict[str, Any], finished: Finished) -> Problem:
    """The process could not even report its failure."""
    words = context.paths.last_words(finished)
    message = f"the process of `{context.workflow.runner}` cannot report on itself: {facts['type']} in Python's own modules"
    found = shadowed_import(context, words or "") or Problem(message, None, context.location, code="TBX308")
    return found._replace(details=words)


def _network_needed(context: Context, facts: Mapping[str, Any]) -> Problem | None:
    """The problem of a start without network that failed after the code tried to connect, None for failures with another cause."""
    offline = context.clean is not None and context.clean.offline
    if not (offline and facts.get("connected")) or facts.get("module") or facts.get("type") in {None, "KeyError"}:
        return None
    address, path, line = facts["connected"][-1]
    return Problem(
        f"importing `{context.module}` needs the network: it connects to {address}",
        "connect in the task that needs it, not at import: a release runner may start while the host cannot be reached",
        Location(path, line),
        context.paths.clean(facts.get("traceback", "")).rstrip() or None,
        code="TBX314",
    )


def _not_served(context: Context, facts: dict[str, Any], finished: Finished) -> Problem:
    """The runner object is valid, and the worker does not serve it."""
    kind = facts.get("code") or facts.get("type")
    words = context.paths.clean((facts.get("details") or facts.get("message") or "").partition("\n")[0])
    message = f"the worker of `{context.workflow.runner}` ended before it listed its tasks" + (f": {kind}: {words}" if kind else "")
    return Problem(message, None, context.location, context.paths.last_words(finished), code="TBX315")


def _missing(context: Context, facts: dict[str, Any]) -> Problem:
    module = context.module
    names = (facts["runners"] or facts["close"])[:3]
    hint = which_runner(f"{module}:{name}" for name in names) or f"define it in {module}: `runner = Runner(tasks=[…])`"
    message = f"`{facts['where']}` has no `{facts['part']}`: `{context.workflow.runner}` names nothing"
    return Problem(message, hint, context.location, code="TBX304")


def _other_type(context: Context, facts: dict[str, Any]) -> Problem:
    module = context.module
    path = (context.workflow.runner or "").partition(":")[2]
    what, hint = f"of type {facts['type']}", "name a tilebox.workflows.Runner"
    if facts["callable"]:
        what, hint = f"a {facts['callable']}", f"call it in {module}, `runner = {path}()`, and name `{module}:runner`"
    hint = which_runner(f"{module}:{name}" for name in facts["runners"][:3]) or hint
    message = f"`{context.workflow.runner}` is {what}, and has to be a tilebox.workflows.Runner"
    return Problem(message, hint, context.location, code="TBX304")


def _exit(context: Context, facts: dict[str, Any]) -> Problem:
    message = f"importing `{context.module}` ends the process: SystemExit({facts['code']})"
    place = Location(*facts["place"]) if facts["place"] else None
    return Problem(message, MAIN_GUARD, place, context.paths.clean(facts["traceback"]), code="TBX308")


def _disagreement(context: Context, facts: dict[str, Any]) -> Problem:
    different = ", ".join(f"{name} {version}" for name, version in facts["different"])
    message = f"the worker of `{context.workflow.runner}` lists other tasks than the runner object: {different}"
    return Problem(message, "register all tasks before the worker starts, and none later", context.location, code="TBX315")


def no_answer(context: Context, result: Finished, hang: str, *, began: bool) -> Problem:
    """The problem for a process that ended without an answer.

    `hang` is the stack of a process that exceeded the time limit, `began` whether Python started to run the worker.
    """
    module = context.module
    stack, place = describe_stack(hang or result.errors, context.paths)
    words = stack or context.paths.last_words(result)
    if result.timed_out or hang:
        message = f"importing `{module}` took longer than {context.timeout:g} s, the limit for start-up"
        hint = f"{MAIN_GUARD}; {LONGER}" if place else LONGER
        return Problem(message, hint, place or context.location, words, code="TBX307")
    if shadowed := shadowed_import(context, context.paths.clean(result.errors)):
        return shadowed._replace(details=words)
    if not began:
        message = f"Python does not start for the worker of `{context.workflow.runner}`: `uv run` {ending(result.returncode)}"
        return Problem(message, None, context.location, words, code="TBX308")
    if result.returncode >= 0:
        hint = MAIN_GUARD
    elif result.returncode == KILLED:
        hint = "check whether it needs more memory than there is: the system then kills a process"
    else:
        hint = f"reproduce it with `uv run python -X faulthandler -c 'import {module}'`"
    message = f"importing `{module}` does not return: Python {ending(result.returncode)}"
    return Problem(message, hint, place or context.location, words, code="TBX308")


def worker_failed(context: Context, error: worker.WorkerError) -> Problem:
    """The problem for a failed start or call of a worker."""
    runner = context.workflow.runner
    command = " ".join(context.workflow.command or ("python", "-m", "tilebox.workflows.runner", runner or ""))
    finished, place, hint, code = error.finished, context.location, None, "TBX315"
    words = context.paths.last_words(finished) if finished else None
    if error.code == worker.PROGRAM:
        message, hint = f"the worker command `{command}` cannot be started: {error.details}", "name a program"
    elif finished is None:
        message = f"the worker `{command}` answered {error.code}: {error.details}"
    elif error.code == worker.ENDED:
        message = f"the worker `{command}` {ending(finished.returncode)} before it listed its tasks"
        hint = None if runner else f"{SERVE} until it is asked to end"
    elif error.code == worker.TIMEOUT:
        message = f"the worker `{command}` did not list its tasks within {context.timeout:g} s, the limit for start-up"
        hint, code = LONGER if runner else f"{SERVE}; {LONGER}", "TBX307"
        stack, innermost = describe_stack(finished.errors, context.paths)
        place, words = innermost or place, stack or words
    else:
        message, hint = "the client that asks the worker for its tasks cannot be run", "see its output below"
    return Problem(message, hint, place, words, code)


def describe_stack(text: str, paths: Paths) -> tuple[str | None, Location | None]:
    """The stack of the thread that runs code of the project, as Python's faulthandler wrote it, and its innermost place there.

    It has the frames in the project, outermost first, and then the call that does not return. Both are None if `text` does
    not contain such a stack.
    """
    for block in re.split(r"\n\s*\n|(?=^(?:Current t|T)hread 0x)", text, flags=re.MULTILINE):
        frames = [(match["file"], int(match["line"]), match["name"]) for match in FRAME.finditer(block)]
        own = [(i, path) for i, (file, _, _) in enumerate(frames) if (path := paths.relative(file)) is not None]
        if not own:
            continue
        innermost, where = own[0]
        lines = []
        for i, path in reversed(own[:SHOWN_FRAMES]):
            _, number, name = frames[i]
            lines.append(f'File "{path}", line {number}, in {name}')
            if source := _source(paths.project / path, number):
                lines.append(f"  {source}")
        if innermost:
            file, number, name = frames[0]
            lines.append(f"inside {name} ({paths.clean(file)}:{number})")
        return "\n".join(lines), Location(where, frames[innermost][1])
    return None, None


def _source(path: Path, number: int) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[number - 1].strip()
    except (OSError, IndexError):
        return None
