"""The subtasks that the source of tasks submits, read from syntax trees. What only running code shows is not found."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from hatch_tilebox.core.modules import module_name
from hatch_tilebox.project.source_tasks import imported_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import Task

_SUBMIT = frozenset({"submit_subtask", "submit_subtasks", "submit_batch"})
_COLLECT = frozenset({"append", "add", "extend", "insert"})
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)

Found = set[tuple[int, int]]


def source_edges(tasks: Sequence[Task], sources: Mapping[str, bytes]) -> tuple[Found, Found]:
    """Return which tasks submit which, and which depend on which, as pairs of indices into `tasks`.

    `sources` has the content of Python files by their paths. The second pair of a dependency is the dependent.
    """
    objects = {task.object.replace(":", "."): index for index, task in enumerate(tasks) if task.object}
    last_names = Counter(name.rpartition(".")[2] for name in objects)
    unique = {last: index for name, index in objects.items() if last_names[last := name.rpartition(".")[2]] == 1}
    submits: Found = set()
    depends: Found = set()
    paths = {task.source.path for task in tasks if task.source} & sources.keys()
    trees = {path: _parse(sources[path]) for path in paths}
    for index, task in enumerate(tasks):
        path = task.source.path if task.source else ""
        tree = trees.get(path)
        method = _execute(tree, task.object.partition(":")[2]) if tree and task.object else None
        if tree is None or method is None:
            continue
        names = imported_names(tree, path) | imported_names(ast.Module(method.body, []), path)
        body = _Body(names, module_name(path), objects, unique)
        body.read(method)
        submits |= {(index, other) for other in body.submitted}
        depends |= body.depends
    return submits, depends


def _parse(source: bytes) -> ast.Module | None:
    try:
        return ast.parse(source)
    except _UNREADABLE:
        return None


def _execute(tree: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the method `execute` of the class with this qualified name."""
    body: Sequence[ast.stmt] = tree.body
    for part in name.split("."):
        found = next((node for node in body if isinstance(node, ast.ClassDef) and node.name == part), None)
        if found is None:
            return None
        body = found.body
    methods = (node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return next((node for node in methods if node.name == "execute"), None)


class _Body:
    """What a method submits. `variables` maps the names of local variables to the tasks that they stand for."""

    def __init__(self, names: Mapping[str, str], module: str, objects: Mapping[str, int], unique: Mapping[str, int]) -> None:
        self._names = names
        self._module = module
        self._objects = objects
        self._unique = unique
        self._variables: defaultdict[str, set[int]] = defaultdict(set)
        self.submitted: set[int] = set()
        self.depends: Found = set()

    def read(self, method: ast.AST) -> None:
        """Read the statements in the order of their lines, assignments after the calls in them."""
        for node in sorted(ast.walk(method), key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)):
                    self._variables[name] |= self._tasks_in(node.value)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                self._call(node, node.func)

    def _call(self, call: ast.Call, function: ast.Attribute) -> None:
        if function.attr in _COLLECT and isinstance(function.value, ast.Name):
            self._variables[function.value.id] |= self._tasks_in(*call.args)
        if function.attr in _SUBMIT and call.args:
            given = self._tasks_in(call.args[0])
            self.submitted |= given
            before = self._tasks_in(*(keyword.value for keyword in call.keywords if keyword.arg == "depends_on"))
            self.depends |= {(first, then) for first in before for then in given if first != then}

    def _tasks_in(self, *nodes: ast.AST) -> set[int]:
        """Return the tasks that expressions create, submit or read from a variable."""
        return {index for node in nodes for index in self._walk(node)}

    def _walk(self, node: ast.AST) -> Iterator[int]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SUBMIT:
            if node.args:
                yield from self._walk(node.args[0])
            return  # what the submitted task depends on is not what the expression stands for
        if isinstance(node, ast.Call) and (index := self._class(node.func)) is not None:
            yield index
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield from self._variables.get(node.id, ())
        for child in ast.iter_child_nodes(node):
            yield from self._walk(child)

    def _class(self, function: ast.expr) -> int | None:
        """Return the task whose class a call creates, None if it is not known."""
        written = ast.unparse(function) if isinstance(function, (ast.Name, ast.Attribute)) else ""
        first, dot, rest = written.partition(".")
        full = self._names.get(first, f"{self._module}.{first}") + dot + rest
        if full in self._objects:
            return self._objects[full]
        last = full.rpartition(".")[2]
        # Packages often export the classes of their modules under a shorter name.
        return self._unique.get(last) if first in self._names else None
