"""Direct runners: code that connects to Tilebox and executes tasks itself, `client.runner(tasks=[…]).run_forever()`.

A release needs a `Runner` object with the same tasks, in a module that starts nothing when it is imported.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARAMETERS = ("cluster", "tasks", "cache", "context")
"""The parameters of `Client.runner`, in order. Source: tilebox.workflows.client of tilebox-workflows 0.66."""
_OF_RUNNER = ("tasks", "cache", "context")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class DirectRunner:
    """A call of `Client.runner`. `arguments` are the expressions of the call by the names of the parameters."""

    call: ast.Call
    client: ast.expr
    arguments: dict[str, ast.expr] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """The line of the call."""
        return self.call.lineno

    def runner_text(self, source: str) -> str:
        """The expression of the `Runner` object with the same tasks, with their lines and comments in `source`."""
        kept = (f"{name}={_text_of(self.arguments[name], source)}" for name in _OF_RUNNER if name in self.arguments)
        return f"Runner({', '.join(kept)})"

    def connect_text(self, name: str) -> str:
        """The expression that replaces the call if `name` is the `Runner` object."""
        cluster = f", cluster={ast.unparse(self.arguments['cluster'])}" if "cluster" in self.arguments else ""
        return f"{name}.connect_to({ast.unparse(self.client)}{cluster})"

    def needed_names(self) -> set[str]:
        """The names in the expression of the `Runner` object."""
        values = (self.arguments[name] for name in _OF_RUNNER if name in self.arguments)
        return {node.id for value in values for node in ast.walk(value) if isinstance(node, ast.Name)}


def direct_runners(module: ast.Module) -> list[DirectRunner]:
    """The direct runners of a module that uses Tilebox's SDK, in the order of their lines."""
    if not any(name.split(".")[0] == "tilebox" for name in _imported(module)):
        return []
    clients = _clients(module)
    found = (_direct_runner(node, clients) for node in ast.walk(module) if isinstance(node, ast.Call))
    return sorted((runner for runner in found if runner is not None), key=lambda runner: runner.line)


def start_of_main(module: ast.Module, runner: DirectRunner) -> int | None:
    """The index of the first statement that starts the runner when the module is imported, or None."""
    definitions = [node for node in ast.walk(module) if isinstance(node, _DEFINITIONS)]
    starters = {node.name for node in definitions if any(part is runner.call for part in ast.walk(node))}
    while more := {node.name for node in definitions if any(_calls(part, starters) for part in ast.walk(node))} - starters:
        starters |= more  # functions that call one of these start the runner, too
    for index, statement in enumerate(module.body):
        if isinstance(statement, _DEFINITIONS) or is_main_guard(statement):
            continue
        if any(part is runner.call or _calls(part, starters) for part in _run_at_once(statement)):
            return _with_clients(module, index)
    return None


def _with_clients(module: ast.Module, start: int) -> int:
    """The index of the first client, before `start`, that only later statements use: a worker does not need these clients."""
    while start:
        before = module.body[start - 1]
        if not isinstance(before, ast.Assign) or not _is_client(before.value, set()):
            break
        names = {node.id for target in before.targets for node in ast.walk(target) if isinstance(node, ast.Name)}
        used = {node.id for part in module.body[: start - 1] for node in ast.walk(part) if isinstance(node, ast.Name)}
        if names & used:
            break
        start -= 1
    return start


def is_main_guard(statement: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    return isinstance(statement, ast.If) and ast.unparse(statement.test) in {
        "__name__ == '__main__'",
        "'__main__' == __name__",
    }


def _direct_runner(call: ast.Call, clients: set[str]) -> DirectRunner | None:
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "runner":
        return None
    if any(isinstance(argument, ast.Starred) for argument in call.args) or any(part.arg is None for part in call.keywords):
        return None
    arguments = dict(zip(_PARAMETERS, call.args, strict=False))
    arguments.update({part.arg: part.value for part in call.keywords if part.arg})
    if "tasks" in arguments and (_is_client(function.value, clients) or "tasks" in {part.arg for part in call.keywords}):
        return DirectRunner(call, function.value, arguments)
    return None


def _is_client(node: ast.expr, clients: set[str]) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).rpartition(".")[2] == "Client"
    return ast.unparse(node) in clients


def _clients(module: ast.Module) -> set[str]:
    """The names and attributes, such as `self.client`, that are assigned a `Client(…)` or annotated as one."""
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and _is_client(node.value, set()):
            found |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None and _is_client(node.value, set()):
            found.add(ast.unparse(node.target))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None and _is_client(node.context_expr, set()):
            found.add(ast.unparse(node.optional_vars))
        elif isinstance(node, ast.arg) and node.annotation is not None and "Client" in ast.unparse(node.annotation):
            found.add(node.arg)
    return found


def _imported(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def _text_of(node: ast.expr, source: str) -> str:
    """The text of the expression, dedented by the margin of its last line."""
    first, *others = (ast.get_source_segment(source, node) or ast.unparse(node)).split("\n")
    margin = len(others[-1]) - len(others[-1].lstrip()) if others else 0
    return "\n".join([first, *(line[margin:] if not line[:margin].strip() else line for line in others)])


def _calls(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all nodes inside it, except the bodies of functions."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _FUNCTIONS):
            yield from _run_at_once(child)
