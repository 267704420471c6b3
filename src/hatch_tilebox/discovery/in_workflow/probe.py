"""What a runner's process reports about itself. Runs inside the workflow's own interpreter, with the staged project as folder.

It uses the standard library and what tilebox-workflows brings, and nothing of hatch_tilebox, which is not installed there;
`entry/_hatch_tilebox_entry.py` loads it by its path. The answer is a JSON object in a file: `{"status": "tasks", …}` or
`{"status": KIND, …}` for something to explain.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 20  # names or frames to show
ROOT = ""
"""The staged project; the entry that loads this module sets it."""
OWN = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 -- as frames spell it

EXIT, IMPORT, MISSING, OLD_SDK, TYPE = "exit", "import", "missing", "old-sdk", "type"  # kinds of failure
OWN_READING = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "description": "The class of this task reads its input by a method of its own, so nothing is known about it.",
}
NOT_SERVED, DISAGREE, ENDED = "not-served", "disagree", "ended"


class Failure(Exception):  # noqa: N818 -- an answer more than an error
    """Ends the probe with an answer that is not a list of tasks."""

    def __init__(self, kind: str, **facts: Any) -> None:
        super().__init__(kind)
        self.answer = {"status": kind, **facts}


def answer_with(answer: str, dependencies: str, examine: Callable[[], dict[str, Any]]) -> None:
    """Write the answer that `examine` gives, or the Failure that it raises, with what there is to know about the interpreter."""
    try:
        result = examine()
    except Failure as failure:
        result = failure.answer
    result["python"] = ".".join(map(str, sys.version_info[:3]))
    result["interpreter"] = os.path.realpath(
        getattr(sys, "_base_executable", sys.executable)
    )  # what a virtual environment stands on
    result["sdk"] = sdk_version()
    result["variables"] = {name: sorted(getattr(os.environ, name, ())) for name in ("found", "missing")}
    result["development"] = imported_in_development(*json.loads(dependencies))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # the workflow may have closed or replaced it
            stream.flush()
    partial = Path(f"{answer}.partial")
    partial.write_text(json.dumps(result), encoding="utf-8")
    partial.replace(answer)


def load_sibling(name: str) -> Any:
    """A module from the folder of this file, whatever modules of that name the workflow has."""
    spec = importlib.util.spec_from_file_location(f"_hatch_tilebox_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sdk_version() -> str | None:
    """The version of tilebox-workflows."""
    try:
        return importlib.metadata.version("tilebox-workflows")
    except importlib.metadata.PackageNotFoundError:
        return None


def imported(runner_path: str, schemas: Any) -> dict[str, Any]:
    """The answer for `runner_path`, which is imported here, and not served. Raises Failure."""
    root = Path(ROOT)
    runner_type = load_runner_type(root)
    module_name = runner_path.partition(":")[0]
    sys.argv = [str(Path(inspect.getfile(runner_type)).with_name("__main__.py")), runner_path]
    return describe_tasks(find_runner(load_module(module_name, root), runner_path, runner_type), schemas)


def served(runner_path: str, schemas: Any, listed: dict[str, Any]) -> dict[str, Any]:
    """The answer for the runner that this process serves, whose `listed` tasks came over the worker's protocol. Raises Failure."""
    if "error" in listed:
        raise Failure(NOT_SERVED, **listed["error"])
    runner_type = importlib.import_module("tilebox.workflows").Runner
    answer = describe_tasks(find_runner(sys.modules[runner_path.partition(":")[0]], runner_path, runner_type), schemas)
    identifiers = {(item["name"], item["version"]) for item in listed["response"].get("identifiers", ())}
    different = sorted(identifiers ^ {(task["name"], task["version"]) for task in answer["tasks"]})
    if different:
        raise Failure(DISAGREE, different=different)
    return answer


def start_failed(
    runner_path: str, error: BaseException | None, import_error: BaseException | None, *, began: bool
) -> dict[str, Any]:
    """The answer where the worker ended by itself, with `error` if it raised one. Raises Failure.

    `began` is whether it got as far as importing the runner's module, and `import_error` is what that raised.
    """
    root = Path(ROOT)
    if isinstance(import_error, SystemExit):
        raise Failure(EXIT, code=repr(import_error.code), **describe(import_error, root))
    if import_error is not None:
        raise Failure(IMPORT, **describe(import_error, root))
    runner_type = load_runner_type(root)
    if not began and error is not None:
        raise Failure(IMPORT, **describe(error, root), sdk_itself=True)
    module = sys.modules.get(runner_path.partition(":")[0])
    if module is not None:
        find_runner(module, runner_path, runner_type)
    raise Failure(ENDED, **(describe(error, root) if error is not None else {"type": None}))


def find_runner(module: Any, runner_path: str, runner_type: Any) -> Any:
    """The runner that `runner_path` names in `module`. Raises Failure."""
    runner = find_object(module, runner_path.partition(":")[2], runner_type)
    if not isinstance(runner, runner_type):
        raise Failure(
            TYPE,
            type=f"{type(runner).__module__}.{type(runner).__qualname__}",
            callable="class" if inspect.isclass(runner) else "function" if inspect.isroutine(runner) else None,
            runners=runners_of(module, runner_type),
        )
    return runner


def describe_tasks(runner: Any, schemas: Any) -> dict[str, Any]:
    """The answer for a runner object."""
    tasks = []
    unnamed = []
    unreadable = []
    for identifier, cls in runner.tasks_by_identifier.items():
        path = f"{cls.__module__}:{cls.__qualname__}"
        schema = dict(OWN_READING) if reads_by_itself(cls) else schemas.input_schema(cls)
        tasks.append(
            {
                "name": identifier.name,
                "version": identifier.version,
                "input_schema": schema,
                "description": description(cls),
                "object": path,
                "trigger": trigger_of(cls),
                "source": source_of(cls),
            }
        )
        if not hasattr(cls, "identifier"):
            unnamed.append(path)
        if schema is not None and not reads_by_itself(cls):
            unreadable += [(f"{path}.{name}", reason) for name, reason in schemas.unreadable_fields(cls)]
    return {"status": "tasks", "tasks": tasks, "unnamed": unnamed, "unreadable": unreadable}


def automations() -> dict[str, type]:
    """The SDK's base classes of automation tasks by what triggers them; none where it has no such classes."""
    try:
        module = importlib.import_module("tilebox.workflows.automations")
    except ImportError:
        return {}
    names = {"cron": "CronTask", "storage-event": "StorageEventTask"}
    return {trigger: getattr(module, name) for trigger, name in names.items() if hasattr(module, name)}


def trigger_of(cls: type) -> str | None:
    """What triggers an automation task, None for other tasks."""
    return next((trigger for trigger, base in automations().items() if issubclass(cls, base)), None)


def reads_by_itself(cls: type) -> bool:
    """Whether a class of the workflow's own overrides how the SDK reads or writes the input of its tasks."""
    known = {"tilebox.workflows.task", *(base.__module__ for base in automations().values())}
    for name in ("_serialize", "_deserialize", "_serialize_args"):
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        if owner is not None and owner.__module__ not in known:
            return True
    return False


def source_of(cls: type) -> dict[str, Any] | None:
    """The file of the project that defines `cls`, and the line of its `class` statement.

    It is read off the syntax tree, so that every Python gives the same line; None where the class stands there twice or not at all.
    """
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    path = inside(os.path.realpath(file), Path(os.path.realpath(ROOT))) if isinstance(file, str) else None
    if path is None or "<locals>" in cls.__qualname__:
        return None
    try:
        body: list[Any] = [ast.parse(Path(file).read_bytes())] if file else []
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    for name in cls.__qualname__.split("."):
        body = [found for node in body for found in classes_in(node) if found.name == name]
        if len(body) != 1:
            return None
    return {"path": path, "line": body[0].lineno}


def classes_in(node: Any) -> list[Any]:
    """The class statements directly in a module or class, also under `if`, `try`, `with` and loops."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            found.append(child)
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found += classes_in(child)
    return found


def load_runner_type(root: Path) -> Any:
    """The SDK's `Runner`."""
    try:
        sdk = importlib.import_module("tilebox.workflows")
    except BaseException as error:  # noqa: BLE001 -- whatever a foreign module raises
        raise Failure(IMPORT, **describe(error, root), sdk_itself=True) from None
    if not hasattr(sdk, "Runner"):
        raise Failure(OLD_SDK)
    return sdk.Runner


def load_module(name: str, root: Path) -> Any:
    """The module with the runner."""
    try:
        return importlib.import_module(name)
    except SystemExit as error:
        raise Failure(EXIT, code=repr(error.code), **describe(error, root)) from None
    except BaseException as error:  # noqa: BLE001 -- whatever a foreign module raises
        raise Failure(IMPORT, **describe(error, root)) from None


def find_object(module: Any, path: str, runner_type: Any) -> Any:
    """The object at the dotted `path` in `module`."""
    found: Any = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:  # noqa: PERF203 -- few parts
            names = [name for name in dir(found) if not name.startswith("_")]
            raise Failure(
                MISSING,
                part=part,
                where=getattr(found, "__name__", type(found).__name__),
                close=difflib.get_close_matches(part, names, 3, 0.5),
                runners=runners_of(module, runner_type),
            ) from None
    return found


def runners_of(module: Any, runner_type: Any) -> list[str]:
    """Paths of runners in `module` and in the objects it holds."""
    found = [name for name, value in vars(module).items() if isinstance(value, runner_type)]
    for name, value in vars(module).items():
        if not isinstance(value, type) and getattr(type(value), "__module__", None) == module.__name__:
            found += [f"{name}.{key}" for key, item in getattr(value, "__dict__", {}).items() if isinstance(item, runner_type)]
    return found[:LIMIT]


def description(cls: type) -> str | None:
    """The first paragraph of the docstring that the author wrote; dataclasses make one of their own where there is none."""
    text = cls.__dict__.get("__doc__")
    if not text or not isinstance(text, str):
        return None
    try:
        generated = cls.__name__ + str(inspect.signature(cls)).replace(" -> None", "")
    except (TypeError, ValueError):
        generated = cls.__name__
    if text == generated:
        return None
    paragraph = inspect.cleandoc(text).strip().partition("\n\n")[0]
    return " ".join(paragraph.split()) or None


def describe(error: BaseException, root: Path) -> dict[str, Any]:
    """What there is to know about `error`: its traceback with frames in the project only, and what it misses."""
    name = getattr(error, "name", None)
    missing = None
    if isinstance(error, ImportError) and not isinstance(error, ModuleNotFoundError):
        missing = getattr(error, "name_from", None)
        head, found, tail = str(error.msg or "").partition("cannot import name ")
        if missing is None and found and not head:
            missing = tail.split("'")[1]
    file = getattr(error, "filename", None) if isinstance(error, FileNotFoundError) else None
    trace = traceback.TracebackException.from_exception(error)
    own = [[inside(frame.filename, root), frame.lineno] for frame in trace.stack if inside(frame.filename, root)]
    if isinstance(error, SyntaxError) and error.filename and inside(error.filename, root):
        own.append([inside(error.filename, root), error.lineno or 0])
    raised_by_sdk = bool(trace.stack) and "tilebox" in Path(trace.stack[-1].filename).parts[-4:]
    frames = [frame.filename for frame in trace.stack if not frame.filename.startswith("<")]
    raised_in = distribution_of(frames[-1]) if frames and not inside(frames[-1], root) else None
    origin = getattr(sys.modules.get(name), "__file__", None) if isinstance(error, ImportError) and name else None
    imported_from = distribution_of(origin) if origin and raised_in else None
    return {
        "type": type(error).__name__,
        "message": str(error),
        "module": name if isinstance(error, ImportError) else None,
        "attribute": missing,
        "not_found": isinstance(error, ModuleNotFoundError),
        "file": str(Path.cwd() / os.fsdecode(file)) if isinstance(file, (str, bytes)) else None,
        "traceback": "".join(trim(trace, root, set()).format()),
        "place": own[-1] if own else None,
        "raised_by_sdk": raised_by_sdk,
        "raised_in": raised_in,
        "imported_from": required_by(raised_in[0], imported_from[0]) if raised_in and imported_from else None,
    }


def distribution_of(file: str) -> tuple[str, str] | None:
    """Name and version of the installed distribution that brought `file`."""
    for distribution in importlib.metadata.distributions():
        path = inside(file, Path(str(distribution.locate_file(""))))
        if path and f"\n{path}," in "\n" + (distribution.read_text("RECORD") or ""):
            return normalize(distribution.metadata["Name"]), distribution.version
    return None


def required_by(name: str, brought: str) -> dict[str, str] | None:
    """The requirement of the distribution `name` that brings the distribution `brought`, itself or through others."""
    for requirement in importlib.metadata.requires(name) or ():
        direct = normalize(re.split(r"[^A-Za-z0-9._-]", requirement)[0])
        reached, waiting = set(), [direct]
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                waiting += requirements(current)
        if brought in reached and direct != name:
            return {"name": direct, "version": importlib.metadata.version(direct), "required": requirement}
    return None


def normalize(name: str) -> str:
    """The one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def trim(trace: Any, root: Path, seen: set[int]) -> Any:
    """`trace` and what caused it, with the frames that lie in the project or in installed packages, under their names there."""
    if trace is None or id(trace) in seen:
        return trace
    seen.add(id(trace))
    shown = [frame for frame in trace.stack if shown_as(frame.filename, root)]
    trace.stack = traceback.StackSummary.from_list(
        [
            traceback.FrameSummary(
                shown_as(frame.filename, root) or "", frame.lineno, frame.name, lookup_line=False, line=frame.line
            )
            for frame in shown[-LIMIT:]
        ]
    )
    if isinstance(getattr(trace, "filename", None), str):  # a syntax error
        trace.filename = inside(trace.filename, root) or trace.filename
    for other in (trace.__cause__, trace.__context__, *(getattr(trace, "exceptions", None) or ())):
        trim(other, root, seen)
    return trace


def shown_as(filename: str, root: Path) -> str | None:
    """`filename` relative to `root` or to the folder of installed packages, or None where it is elsewhere, or of ours."""
    if filename.startswith(f"{OWN}{os.sep}"):
        return None
    _, found, path = filename.replace("\\", "/").rpartition("/site-packages/")
    return inside(filename, root) or (path if found and not path.startswith("tilebox/workflows/runner/") else None)


def inside(filename: str, root: Path) -> str | None:
    """`filename` relative to `root`, or None where it is elsewhere."""
    try:
        return Path(filename).relative_to(root).as_posix()
    except ValueError:
        return None


def imported_in_development(development: list[str], dependencies: list[str]) -> list[str]:
    """Names in `development` of which a module is imported by now, and that `dependencies` do not bring."""
    if not development:
        return []
    brought: set[str] = set()
    waiting = [*dependencies]
    while waiting:
        name = waiting.pop()
        if name not in brought:
            brought.add(name)
            waiting += requirements(name)
    files = {file for module in [*sys.modules.values()] if isinstance(file := getattr(module, "__file__", None), str)}
    return [name for name in development if name not in brought and not files.isdisjoint(files_of(name))]


def requirements(name: str) -> list[str]:
    """Normalized names of what the distribution `name` requires, whatever the markers."""
    try:
        found = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    names = [re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in found]
    return [normalize(match.group()) for match in names if match]


def files_of(name: str) -> list[str]:
    """Paths of the Python files of the distribution `name`."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return []
    lines = (distribution.read_text("RECORD") or "").splitlines()
    return [
        str(distribution.locate_file(path)) for line in lines if (path := line.partition(",")[0]).endswith((".py", ".so", ".pyd"))
    ]
