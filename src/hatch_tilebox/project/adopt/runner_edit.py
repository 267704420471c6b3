"""The edit that gives a module with a direct runner a `Runner` object: an edit of its text, checked on its syntax tree."""

from __future__ import annotations

import ast
import builtins
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.project.adopt.direct_runner import direct_runners, is_main_guard, start_of_main
from hatch_tilebox.project.source_code import bound_names, runner_names

if TYPE_CHECKING:
    from hatch_tilebox.project.adopt.direct_runner import DirectRunner

_SDK = "tilebox.workflows"
_NOT_GUARDED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_GUARD = 'if __name__ == "__main__":'


@dataclass(frozen=True)
class RunnerEdit:
    """The text of the module after the edit, or the `reason` why its author has to make the edit."""

    text: str
    name: str
    reason: str = ""


def free_name(module: ast.Module) -> str:
    """A name for the `Runner` object that the module does not use."""
    taken = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    taken |= {node.arg for node in ast.walk(module) if isinstance(node, ast.arg)}
    taken |= bound_names(module) or set()
    return next(name for name in ("runner", "workflow_runner", "release_runner", "_runner") if name not in taken)


def proposed_lines(text: str, module: ast.Module, runner: DirectRunner) -> str:
    """The lines that the author of the module can add by hand."""
    name = free_name(module)
    main = f"{runner.connect_text(name)}.run_forever()"
    return f"from {_SDK} import Runner\n\n{name} = {runner.runner_text(text)}\n\n{_GUARD}\n    {main}"


def edit_module(text: str, module: ast.Module, runner: DirectRunner) -> RunnerEdit:
    """The module with a `Runner` object of the same tasks, which replaces the direct runner, and a guarded main part."""
    name = free_name(module)
    place = _insertion(module, runner)
    start = start_of_main(module, runner)
    reason = place if isinstance(place, str) else _fixed_main(module, start)
    if isinstance(place, str) or reason:
        return RunnerEdit(text, name, reason)
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
    return RunnerEdit(after, name) if _is_correct(after, name) else RunnerEdit(text, name, "its text cannot be edited safely")


def _fixed_main(module: ast.Module, start: int | None) -> str:
    """Why the statements from the index `start` on cannot be moved below a guard, or an empty text."""
    if start is None:
        return ""
    tail = module.body[start:]
    if any(isinstance(node, _NOT_GUARDED) for node in tail):
        return "definitions are among the statements that start it"
    shares_line = start and module.body[start - 1].end_lineno == tail[0].lineno
    strings = (node for part in tail for node in ast.walk(part) if isinstance(node, (ast.Constant, ast.JoinedStr)))
    if shares_line or any(node.end_lineno != node.lineno for node in strings):
        return "the statements that start it cannot be indented"
    return ""


def _insertion(module: ast.Module, runner: DirectRunner) -> int | str:
    """The line, counted from 0, before which the object is inserted, or the reason why there is no such line."""
    bound: dict[str, int] = {}
    used = next(index for index, statement in enumerate(module.body) if any(node is runner.call for node in ast.walk(statement)))
    for index, statement in enumerate(module.body):
        names = bound_names(ast.Module([statement], []))
        if names is None:
            return "not all names of its module are known"
        for name in names:
            bound.setdefault(name, index)
    missing = sorted(name for name in runner.needed_names() if name not in bound and not hasattr(builtins, name))
    if missing:
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not known at the top level of the module"
    last = max((bound[name] for name in runner.needed_names() if name in bound), default=-1)
    start = start_of_main(module, runner)
    if start is not None and last >= start:
        return "the statements that start it define names that it needs"
    first = used if start is None else min(used, start)
    if last < first:
        return _first_line(module.body[first])
    return module.body[last].end_lineno or 0


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(node.lineno for node in decorators)]) - 1


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
    return name in runner_names(ast.Module(running, [])) and len(direct_runners(module)) == 0
