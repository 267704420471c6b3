"""Report the tasks of a runner, or why it does not start, from inside the runner's process.

The answer is a JSON object in a file: `{"status": "tasks", …}`, or `{"status": KIND, …}` for a failure that `diagnose/` explains.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .distributions import imported_in_development
from .failures import describe_error
from .tasks import describe_tasks
from .worker_client import describe_interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RUNNERS = 20


class Failure(Exception):  # noqa: N818 -- an answer, not an error of this code
    """Ends the probe with an answer that is not a list of tasks."""

    def __init__(self, **answer: Any) -> None:
        super().__init__(answer["status"])
        self.answer = answer


def import_failure(error: BaseException, root: Path) -> Failure:
    """The failure of an import that raised `error`."""
    if isinstance(error, SystemExit):
        return Failure(status="exit", code=repr(error.code), **describe_error(error, root))
    return Failure(status="import", **describe_error(error, root))


def write_answer(
    answer: str, dependencies: str, recorded: Callable[[], dict[str, Any]], examine: Callable[[], dict[str, Any]]
) -> None:
    """Write the answer of `examine`, or of the Failure that it raises, to the file `answer`.

    The interpreter, the variables that were read and the facts that were `recorded` are added.
    """
    try:
        result = examine()
    except Failure as failure:
        result = failure.answer
    result |= {**recorded(), **describe_interpreter()}
    result["variables"] = {name: sorted(getattr(os.environ, name, ())) for name in ("found", "missing")}
    result["development"] = imported_in_development(*json.loads(dependencies))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the workflow may have closed or replaced it
            stream.flush()
    partial = Path(f"{answer}.partial")
    partial.write_text(json.dumps(result), encoding="utf-8")
    partial.replace(answer)


def imported(runner_path: str, root: Path) -> dict[str, Any]:
    """The answer for `runner_path`, which is imported here and not served. Raises Failure."""
    runner_type = load_runner_type(root)
    sys.argv = [str(Path(inspect.getfile(runner_type)).with_name("__main__.py")), runner_path]
    try:
        module = importlib.import_module(runner_path.partition(":")[0])
    except BaseException as error:  # noqa: BLE001 -- the workflow may raise anything
        raise import_failure(error, root) from None
    return describe_tasks(find_runner(module, runner_path, runner_type), root)


def served(runner_path: str, root: Path, listed: dict[str, Any]) -> dict[str, Any]:
    """The answer for the runner that this process serves. Raises Failure.

    `listed` is the worker's answer to `ListRegisteredTasks`.
    """
    if "error" in listed:
        raise Failure(status="not-served", **listed["error"])
    runner_type = importlib.import_module("tilebox.workflows").Runner
    answer = describe_tasks(find_runner(sys.modules[runner_path.partition(":")[0]], runner_path, runner_type), root)
    identifiers = {(item["name"], item["version"]) for item in listed["response"].get("identifiers", ())}
    different = sorted(identifiers ^ {(task["name"], task["version"]) for task in answer["tasks"]})
    if different:
        raise Failure(status="disagree", different=different)
    return answer


def start_failed(
    runner_path: str, root: Path, error: BaseException | None, import_error: BaseException | None, *, began: bool
) -> dict[str, Any]:
    """The answer for a worker that ended without being asked to, with the `error` that it raised. Raises Failure.

    `began` is whether it started to import the runner's module, `import_error` the exception of that import.
    """
    if import_error is not None:
        raise import_failure(import_error, root)
    runner_type = load_runner_type(root)
    if not began and error is not None:
        raise Failure(status="import", **describe_error(error, root), sdk_itself=True)
    module = sys.modules.get(runner_path.partition(":")[0])
    if module is not None:
        find_runner(module, runner_path, runner_type)
    raise Failure(status="ended", **(describe_error(error, root) if error is not None else {"type": None}))


def load_runner_type(root: Path) -> Any:
    """The SDK's `Runner`. Raises Failure."""
    try:
        sdk = importlib.import_module("tilebox.workflows")
    except BaseException as error:  # noqa: BLE001 -- the SDK and its dependencies may raise anything
        raise Failure(status="import", **describe_error(error, root), sdk_itself=True) from None
    if not hasattr(sdk, "Runner"):
        raise Failure(status="old-sdk")
    return sdk.Runner


def find_runner(module: Any, runner_path: str, runner_type: Any) -> Any:
    """The runner that `runner_path` names in `module`. Raises Failure."""
    runner = find_object(module, runner_path.partition(":")[2], runner_type)
    if not isinstance(runner, runner_type):
        raise Failure(
            status="type",
            type=f"{type(runner).__module__}.{type(runner).__qualname__}",
            callable="class" if inspect.isclass(runner) else "function" if inspect.isroutine(runner) else None,
            runners=runners_of(module, runner_type),
        )
    return runner


def find_object(module: Any, path: str, runner_type: Any) -> Any:
    """The object at the dotted `path` in `module`. Raises Failure."""
    found: Any = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:  # noqa: PERF203 -- few parts
            names = [name for name in dir(found) if not name.startswith("_")]
            raise Failure(
                status="missing",
                part=part,
                where=getattr(found, "__name__", type(found).__name__),
                close=difflib.get_close_matches(part, names, 3, 0.5),
                runners=runners_of(module, runner_type),
            ) from None
    return found


def runners_of(module: Any, runner_type: Any) -> list[str]:
    """Paths of the runners in `module` and in the attributes of its objects."""
    found = [name for name, value in vars(module).items() if isinstance(value, runner_type)]
    for name, value in vars(module).items():
        if not isinstance(value, type) and getattr(type(value), "__module__", None) == module.__name__:
            found += [f"{name}.{key}" for key, item in getattr(value, "__dict__", {}).items() if isinstance(item, runner_type)]
    return found[:MAX_RUNNERS]
