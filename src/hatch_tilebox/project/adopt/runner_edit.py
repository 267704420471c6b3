"""The edit that gives a module with a direct runner a `Runner` object: an edit of its text, checked on its syntax tree."""

from __future__ import annotations

import ast
import builtins
import io
import re
from typing import TYPE_CHECKING

from hatch_tilebox.project.adopt.direct_runner import direct_runners, is_main_guard, names_in, start_of_main
from hatch_tilebox.project.source_code import bound_names, runner_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hatch_tilebox.project.adopt.direct_runner import DirectRunner

_SDK = "tilebox.workflows"
_NOT_GUARDED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_GUARD = 'if __name__ == "__main__":'


def free_name(module: ast.Module) -> str:
    """A name for the `Runner` object that the module does not use."""
    arguments = {node.arg for node in ast.walk(module) if isinstance(node, ast.arg)}
    taken = names_in(module) | arguments | (bound_names(module) or set())
    return next(name for name in ("runner", "workflow_runner", "release_runner", "_runner") if name not in taken)


def proposed_lines(text: str, runner: DirectRunner, name: str) -> str:
    """The lines that the author of the module can add by hand."""
    main = f"{runner.connect_text(name)}.run_forever()"
    return f"from {_SDK} import Runner\n\n{name} = {runner.runner_text(text)}\n\n{_GUARD}\n    {main}"


def edit_module(text: str, module: ast.Module, name: str) -> tuple[str, str | None]:
    """The module with a `Runner` object of the same tasks, which replaces its direct runner, and a guarded main part; and None.

    Or the text as it is, and the reason why its author has to make the edit.
    """
    runner = direct_runners(module)[0]
    start = start_of_main(module, runner)
    bound: dict[str, int] = {}
    for index, statement in enumerate(module.body):
        for bound_name in bound_names(ast.Module([statement], [])) or ():
            bound.setdefault(bound_name, index)
    if reason := next(_obstacles(module, runner, start, bound), None):
        return text, reason
    place = _insertion(module, runner, start, bound)
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = list(io.StringIO(text, newline=""))  # str.splitlines would split at more than Python does
    _replace_call(lines, runner, name)
    if start is not None:
        first = module.body[start].lineno - 1
        lines[first:] = [f"{_GUARD}{newline}", *(f"    {line}" if line.strip() else line for line in lines[first:])]
    definition = f"{name} = {runner.runner_text(text)}".replace("\r\n", "\n").replace("\n", newline)
    lines[place:place] = _block(lines, place, definition, newline)
    _import_runner(lines, module, place, newline)
    after = "".join(lines)
    return (after, None) if _is_correct(after, name) else (text, "its text cannot be edited safely")


def _obstacles(module: ast.Module, runner: DirectRunner, start: int | None, bound: Mapping[str, int]) -> Iterator[str]:
    """Why the object cannot be inserted, or the statements from the index `start` on cannot be moved below a guard.

    `bound` has the names of the module, each with the index of the first statement that binds it.
    """
    if len(direct_runners(module)) > 1:
        yield "the module has several of them"
    if bound_names(module) is None:
        yield "not all names of its module are known"
    needed = runner.needed_names()
    if missing := sorted(name for name in needed if name not in bound and not hasattr(builtins, name)):
        yield f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not known at the top level of the module"
    if start is None:
        return
    tail = module.body[start:]
    if any(bound.get(name, -1) >= start for name in needed):
        yield "the statements that start it define names that it needs"
    if any(isinstance(node, _NOT_GUARDED) for node in tail):
        yield "definitions are among the statements that start it"
    shares_line = start and module.body[start - 1].end_lineno == tail[0].lineno
    strings = (node for part in tail for node in ast.walk(part) if isinstance(node, (ast.Constant, ast.JoinedStr)))
    if shares_line or any(node.end_lineno != node.lineno for node in strings):
        yield "the statements that start it cannot be indented"


def _insertion(module: ast.Module, runner: DirectRunner, start: int | None, bound: Mapping[str, int]) -> int:
    """The line, counted from 0, before which the object is inserted: after all that it needs, and before it is used."""
    last = max((bound[name] for name in runner.needed_names() if name in bound), default=-1)
    used = next(index for index, statement in enumerate(module.body) if any(node is runner.call for node in ast.walk(statement)))
    first = used if start is None else min(used, start)
    if last >= first:
        return module.body[last].end_lineno or 0
    decorators: list[ast.expr] = getattr(module.body[first], "decorator_list", [])
    return min([module.body[first].lineno, *(node.lineno for node in decorators)]) - 1


def _replace_call(lines: list[str], runner: DirectRunner, name: str) -> None:
    call = runner.call
    first, last = call.lineno - 1, (call.end_lineno or call.lineno) - 1
    before = lines[first].encode()[: call.col_offset].decode()
    after = lines[last].encode()[call.end_col_offset :].decode()
    lines[first : last + 1] = [before + runner.connect_text(name) + after, *[""] * (last - first)]


def _block(lines: list[str], place: int, line: str, newline: str) -> list[str]:
    """The definition `line` with two empty lines around it."""
    blank_before = 0
    while blank_before < place and not lines[place - 1 - blank_before].strip():
        blank_before += 1
    before = [newline] * max(0, 2 - blank_before) if place else []
    if place and not lines[place - 1].endswith(("\n", "\r")):
        before.insert(0, newline)
    blank_after = next((index for index, text in enumerate(lines[place:]) if text.strip()), 2)
    return [*before, f"{line}{newline}", *[newline] * max(0, 2 - blank_after)]


def _import_runner(lines: list[str], module: ast.Module, place: int, newline: str) -> None:
    """Import `Runner` before the line `place`: in the existing import from the SDK if that is one simple line."""
    imports = [
        node for node in module.body if isinstance(node, (ast.Import, ast.ImportFrom)) and (node.end_lineno or place) <= place
    ]
    found = [node for node in imports if isinstance(node, ast.ImportFrom) and node.module == _SDK and not node.level]
    if any(alias.name == "Runner" and not alias.asname for node in found for alias in node.names):
        return
    for node in found:
        plain = re.fullmatch(rf"from {_SDK} import ([\w, ]+?)(\s*)", lines[node.lineno - 1])
        if plain and " as " not in plain[1]:
            names = [name.strip() for name in plain[1].split(",")]
            merged = sorted([*names, "Runner"]) if names == sorted(names) else [*names, "Runner"]
            lines[node.lineno - 1] = f"from {_SDK} import {', '.join(merged)}{plain[2]}"
            return
    after = (found or imports)[-1:]
    lines.insert(after[0].end_lineno or 0 if after else place, f"from {_SDK} import Runner{newline}")


def _is_correct(text: str, name: str) -> bool:
    """Whether the module assigns a `Runner` to the name when it is imported, and has no direct runner."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    running = [node for node in module.body if not is_main_guard(node)]
    return name in runner_lines(ast.Module(running, [])) and len(direct_runners(module)) == 0
