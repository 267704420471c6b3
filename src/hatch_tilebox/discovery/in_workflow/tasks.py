"""The tasks of a runner object as JSON values."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import sys
from pathlib import Path
from typing import Any

from . import schemas
from .distributions import relative_to

CUSTOM_INPUT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "description": "The class of this task reads its input by a method of its own, so nothing is known about it.",
}


def describe_tasks(runner: Any, root: Path) -> dict[str, Any]:
    """The answer for a `runner` of the workflow in the folder `root`."""
    tasks = []
    unnamed = []
    unreadable = []
    for identifier, cls in runner.tasks_by_identifier.items():
        path = f"{cls.__module__}:{cls.__qualname__}"
        custom = overrides_input(cls)
        schema = dict(CUSTOM_INPUT) if custom else schemas.input_schema(cls)
        tasks.append(
            {
                "name": identifier.name,
                "version": identifier.version,
                "input_schema": schema,
                "description": description(cls),
                "object": path,
                "trigger": trigger_of(cls),
                "source": source_of(cls, root),
            }
        )
        if not hasattr(cls, "identifier"):
            unnamed.append(path)
        if schema is not None and not custom:
            unreadable += [(f"{path}.{name}", reason) for name, reason in schemas.unreadable_fields(cls)]
    return {"status": "tasks", "tasks": tasks, "unnamed": unnamed, "unreadable": unreadable}


def automation_classes() -> dict[str, type]:
    """The SDK's base classes of automation tasks by their trigger; empty for an SDK without automations."""
    try:
        module = importlib.import_module("tilebox.workflows.automations")
    except ImportError:
        return {}
    names = {"cron": "CronTask", "storage-event": "StorageEventTask"}
    return {trigger: getattr(module, name) for trigger, name in names.items() if hasattr(module, name)}


def trigger_of(cls: type) -> str | None:
    """The trigger of an automation task, None for other tasks."""
    return next((trigger for trigger, base in automation_classes().items() if issubclass(cls, base)), None)


def overrides_input(cls: type) -> bool:
    """Whether a class outside the SDK overrides how the input of the task `cls` is read or written."""
    known = {"tilebox.workflows.task", *(base.__module__ for base in automation_classes().values())}
    for name in ("_serialize", "_deserialize", "_serialize_args"):
        owner = next((base for base in cls.__mro__ if name in vars(base)), None)
        if owner is not None and owner.__module__ not in known:
            return True
    return False


def source_of(cls: type, root: Path) -> dict[str, Any] | None:
    """The file below `root` that defines `cls`, and the line of its `class` statement.

    The line comes from the syntax tree, so every Python gives the same one. None if the file defines the class twice or not at all.
    """
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    path = relative_to(os.path.realpath(file), Path(os.path.realpath(root))) if isinstance(file, str) else None
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
    """The class statements directly in a module or class, including those under `if`, `try`, `with` and loops."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            found.append(child)
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            found += classes_in(child)
    return found


def description(cls: type) -> str | None:
    """The first paragraph of the docstring that the author wrote, None for the docstring that `dataclass` generates."""
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
