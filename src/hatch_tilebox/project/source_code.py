"""What a Python module says without being run: the names it binds, and its runners."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bound_names", "imported_modules", "runner_names"]


def bound_names(module: ast.Module) -> set[str] | None:
    """The names that the module binds at its top level, or None where that cannot be told: a star import, `globals()`, and such."""
    names: set[str] = set()
    for node in _top_level(module.body):
        names |= _names_of(node)
    if "*" in names or "__getattr__" in names or _is_dynamic(module):
        return None
    return names


def imported_modules(module: ast.Module, package: str) -> Iterator[tuple[str, int]]:
    """Dotted names that the module imports, or may import as it is unknown what is a module, with the line of each.

    `package` is the dotted name of the package that the module is in, which relative imports start from; empty for none.
    """
    parts = package.split(".") if package else []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level > len(parts):  # fails when it is run
                continue
            above = parts[: len(parts) - node.level + 1] if node.level else []
            base = [*above, *([node.module] if node.module else [])]
            yield from ((".".join([*base, alias.name]), node.lineno) for alias in node.names)


def runner_names(module: ast.Module) -> list[str]:
    """The names at the top level that are given a `Runner(...)`, whatever Tilebox's class is called there."""
    called = {"Runner"}
    for node in _top_level(module.body):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tilebox."):
            called |= {alias.asname for alias in node.names if alias.name == "Runner" and alias.asname}
    found = []
    for node in _top_level(module.body):
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in called:
            found += sorted(_names_of(node))
    return found


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, also those in `if`, `try`, `with` and loops."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _top_level(getattr(node, name, []))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _top_level(part.body)


def _names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    stored = {
        part.id
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, ast.stmt)
        for part in ast.walk(child)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }
    captured = {
        part.name for part in ast.walk(node) if isinstance(part, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and part.name
    }
    return stored | captured | _type_alias(node)


def _type_alias(node: ast.stmt) -> set[str]:
    """The name of a `type X = …`, which Python has from 3.12 on."""
    name = getattr(node, "name", None)
    return {name.id} if isinstance(name, ast.Name) else set()


def _is_dynamic(module: ast.Module) -> bool:
    """Whether names may be bound in ways that only running tells."""
    for node in ast.walk(module):
        if isinstance(node, ast.Global):
            return True
        if isinstance(node, ast.Name) and node.id in {"exec", "globals", "setattr", "vars"}:
            return True
        if isinstance(node, ast.Attribute) and node.attr == "modules":
            return True
    return False
