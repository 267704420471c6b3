"""The task classes that the source of a workflow defines, read from syntax trees, and how they differ from the registered tasks."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Location, Problem
from hatch_tilebox.core.modules import module_name, package_name
from hatch_tilebox.project.source_code import import_base, runner_lines, top_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.model import Task
    from hatch_tilebox.project.source_tree import SourceTree

_SDK = "tilebox.workflows"
_PARTS = 2
"""Of an identifier: name and version."""
_SDK_CLASSES = {"Task", "CronTask", "StorageEventTask"}


@dataclass(frozen=True)
class SourceTask:
    """A task class in the source. `identifier` is the name and version, or None if only running code shows them."""

    module: str
    name: str
    path: str
    line: int
    identifier: tuple[str, ...] | None

    @property
    def object(self) -> str:
        """The class as `module:name`."""
        return f"{self.module}:{self.name}"

    def to_dict(self) -> dict[str, str | int | None]:
        """The task as JSON values."""
        name, version = self.identifier or (None, None)
        return {"object": self.object, "name": name, "version": version, "file": self.path, "line": self.line}


def source_tasks(tree: SourceTree, config: WorkflowConfig) -> tuple[SourceTask, ...]:
    """The task classes in the modules that the runner's module imports, in the order of files and lines.

    Only classes at the top level count. A class that another task inherits from is left out, like an abstract one.
    """
    start = tree.runner_file(config.workflow)
    if start is None:
        return ()
    classes = {
        f"{module_name(path)}.{node.name}": (path, node, names)
        for path in sorted(tree.closure(start))
        if (module := tree.module(path)) is not None
        for names in [imported_names(module, path)]
        for node in top_level(module.body)
        if isinstance(node, ast.ClassDef)
    }
    bases = {name: list(_bases(node, module_name(path), names)) for name, (path, node, names) in classes.items()}
    tasks = {name for name in classes if _is_task(name, bases, set())}
    inherited = {base for name in tasks for base in bases[name]}
    found = [
        SourceTask(
            module_name(path),
            node.name,
            path,
            node.lineno,
            _identifier(node, [classes[base][1] for base in bases[name] if base in classes]),
        )
        for name, (path, node, _) in classes.items()
        if name in tasks - inherited and not _is_abstract(node)
    ]
    return tuple(sorted(found, key=lambda task: (task.path, task.line)))


def unregistered_tasks(tree: SourceTree, config: WorkflowConfig, registered: Iterable[Task]) -> tuple[Problem, ...]:
    """Warnings about task classes in the source that the runner does not register, with the places of class and runner.

    A registered task that the source does not show is fine: code may create classes.
    """
    start = tree.runner_file(config.workflow)
    module = tree.module(start) if start else None
    if start is None or module is None:
        return ()
    objects = {task.object for task in registered}
    line = runner_lines(module).get((config.workflow.runner or "").partition(":")[2].partition(".")[0])
    place = f"{start}:{line}" if line else start
    return tuple(
        Problem(
            f"the task class {task.name} is defined here, and the runner in {place} does not register it",
            "add it to the tasks of the runner, unless another runner executes it",
            Location(task.path, task.line),
            code="TBX120",
        )
        for task in source_tasks(tree, config)
        if task.object not in objects
    )


def imported_names(module: ast.Module, path: str) -> dict[str, str]:
    """What names at the top level refer to, as dotted names: `{"w": "tilebox.workflows", "Base": "flow.base.Base"}`."""
    names: dict[str, str] = {}
    for node in top_level(module.body):
        if isinstance(node, ast.Import):
            names.update({alias.asname: alias.name for alias in node.names if alias.asname})
        elif isinstance(node, ast.ImportFrom) and (base := import_base(node, package_name(path))):
            names.update({alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names})
    return names


def _bases(node: ast.ClassDef, module: str, names: Mapping[str, str]) -> Iterator[str]:
    """The dotted names of the classes that a class inherits from."""
    for base in node.bases:
        written = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
        first, dot, rest = written.partition(".")
        if first in names:
            yield names[first] + dot + rest
        else:
            yield written if dot else f"{module}.{written}"


def _is_task(name: str, bases: Mapping[str, Iterable[str]], seen: set[str]) -> bool:
    if name not in bases:
        return name.startswith(f"{_SDK}.") and name.rpartition(".")[2] in _SDK_CLASSES
    if name in seen:
        return False
    return any(_is_task(base, bases, seen | {name}) for base in bases[name])


def _is_abstract(node: ast.ClassDef) -> bool:
    decorators = (item for part in ast.walk(node) if isinstance(part, ast.FunctionDef) for item in part.decorator_list)
    return any(ast.unparse(item).rpartition(".")[2] == "abstractmethod" for item in decorators)


def _identifier(node: ast.ClassDef, above: Iterable[ast.ClassDef]) -> tuple[str, ...] | None:
    """The identifier that the class returns as two literals, or the SDK's default if it has no such method."""
    method = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "identifier"), None)
    if method is None:
        return None if any(True for _ in above) else (node.name, "v0.0")
    returned = [part.value for part in ast.walk(method) if isinstance(part, ast.Return)]
    values = returned[0].elts if len(returned) == 1 and isinstance(returned[0], ast.Tuple) else []
    texts = [item.value for item in values if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return tuple(texts) if len(texts) == len(values) == _PARTS else None
