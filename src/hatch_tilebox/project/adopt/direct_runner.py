"""Direct runners: code that connects to Tilebox and executes tasks itself, `client.runner(tasks=[…]).run_forever()`.

A release needs a `Runner` object with the same tasks, in a module that starts nothing when it is imported.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.project.source_code import imported_modules

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
    arguments: dict[str, ast.expr]

    @property
    def of_runner(self) -> dict[str, ast.expr]:
        """The arguments of the `Runner` object with the same tasks."""
        return {name: self.arguments[name] for name in _OF_RUNNER if name in self.arguments}

    def runner_text(self, source: str) -> str:
        """The expression of the `Runner` object with the same tasks, with their lines and comments in `source`."""
        return f"Runner({', '.join(f'{name}={_text_of(value, source)}' for name, value in self.of_runner.items())})"

    def connect_text(self, name: str) -> str:
        """The expression that replaces the call if `name` is the `Runner` object."""
        cluster = f", cluster={ast.unparse(self.arguments['cluster'])}" if "cluster" in self.arguments else ""
        return f"{name}.connect_to({ast.unparse(self.client)}{cluster})"

    def needed_names(self) -> set[str]:
        """The names in the expression of the `Runner` object."""
        return {name for value in self.of_runner.values() for name in names_in(value)}


def direct_runners(module: ast.Module) -> list[DirectRunner]:
    """The direct runners of a module that uses Tilebox's SDK, in the order of their lines."""
    if not any(name.split(".")[0] == "tilebox" for name, _ in imported_modules(module, "")):
        return []
    clients = _clients(module)
    found = (_direct_runner(node, clients) for node in ast.walk(module) if isinstance(node, ast.Call))
    return sorted((runner for runner in found if runner is not None), key=lambda runner: runner.call.lineno)


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
        if not isinstance(before, ast.Assign) or not _creates_client(before.value):
            break
        names = {name for target in before.targets for name in names_in(target)}
        if names & {name for part in module.body[: start - 1] for name in names_in(part)}:
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
    named = {part.arg: part.value for part in call.keywords if part.arg}
    is_client = _creates_client(function.value) or ast.unparse(function.value) in clients
    if "tasks" in named or ("tasks" in arguments and is_client):
        return DirectRunner(call, function.value, {**arguments, **named})
    return None


def _creates_client(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Client"


def _clients(module: ast.Module) -> set[str]:
    """The names and attributes, such as `self.client`, that are assigned a `Client(…)` or annotated as one."""
    found: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=targets, value=ast.Call() as value) if _creates_client(value):
                found |= {ast.unparse(target) for target in targets}
            case (
                ast.AnnAssign(target=target, value=ast.Call() as value)
                | ast.NamedExpr(target=target, value=ast.Call() as value)
                | ast.withitem(optional_vars=ast.expr() as target, context_expr=ast.Call() as value)
            ) if _creates_client(value):
                found.add(ast.unparse(target))
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if "Client" in ast.unparse(annotation):
                found.add(name)
    return found


def names_in(node: ast.AST) -> set[str]:
    """The names that a part of a syntax tree uses or binds."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _text_of(node: ast.expr, source: str) -> str:
    """The text of the expression, dedented by the margin of its last line; without `source` as Python writes it."""
    segment = ast.get_source_segment(source, node) if source else None
    first, *others = (segment or ast.unparse(node)).split("\n")
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
