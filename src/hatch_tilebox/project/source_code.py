"""What the syntax tree of a Python module shows: the names it binds, the modules it imports and its runners."""

from __future__ import annotations

import ast
from importlib.util import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def bound_names(module: ast.Module) -> set[str] | None:
    """The names that the module binds at its top level, or None if they are not known: a star import, `globals()` and the like."""
    names: set[str] = set()
    for node in top_level(module.body):
        names |= names_of(node)
    if "*" in names or "__getattr__" in names or _is_dynamic(module):
        return None
    return names


def imported_modules(module: ast.Module, package: str) -> Iterator[tuple[str, int]]:
    """Dotted names that the module imports, with their lines. `from a import b` gives `a.b`, which may not be a module.

    `package` is the dotted name of the package that contains the module, empty for none; relative imports start from it.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (base := import_base(node, package)):
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def import_base(node: ast.ImportFrom, package: str) -> str | None:
    """The dotted name of the module that `from … import` in a module of the package imports from, None if such an import fails."""
    try:
        return resolve_name("." * node.level + (node.module or ""), package)
    except ImportError:
        return None


def runner_lines(module: ast.Module) -> dict[str, int]:
    """The names at the top level that are assigned a `Runner(...)`, with their lines; the class may have another name there."""
    classes = {"Runner"}
    for node in top_level(module.body):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tilebox."):
            classes |= {alias.asname for alias in node.names if alias.name == "Runner" and alias.asname}
    found: dict[str, int] = {}
    for node in top_level(module.body):
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in classes:
            found.update(dict.fromkeys(sorted(names_of(node)), node.lineno))
    return found


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported, including those inside `if`, `try`, `with` and loops."""
    for node in body:
        yield node
        if isinstance(node, _DEFINITIONS):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from top_level(getattr(node, name, []))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from top_level(part.body)


def names_of(node: ast.stmt) -> set[str]:
    """The names that a statement binds, without those of statements inside it."""
    if isinstance(node, _DEFINITIONS):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    parts = [part for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt) for part in ast.walk(child)]
    stored = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    patterns = (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)
    captured = {part.name for part in ast.walk(node) if isinstance(part, patterns) and part.name}
    return stored | captured | _type_alias(node)


def _type_alias(node: ast.stmt) -> set[str]:
    """The name of a `type X = …` statement, which Python has since 3.12."""
    name = getattr(node, "name", None)
    return {name.id} if isinstance(name, ast.Name) else set()


def _is_dynamic(module: ast.Module) -> bool:
    """Whether the module may bind names in ways that its syntax tree does not show."""
    for node in ast.walk(module):
        if isinstance(node, ast.Global):
            return True
        if isinstance(node, ast.Name) and node.id in {"exec", "globals", "setattr", "vars"}:
            return True
        if isinstance(node, ast.Attribute) and node.attr == "modules":
            return True
    return False
