"""How a release runner imports the runner object: from the folder of the project, or only from the installed project."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.core.identifiers import normalized_name
from hatch_tilebox.core.modules import SOURCE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.project.source_tree import SourceTree

_METADATA_FUNCTIONS = {"distribution", "files", "metadata", "requires", "version"}
"""Of `importlib.metadata`: they find only what is installed."""


@dataclass(frozen=True)
class RunnerImport:
    """Where the runner is imported from, with the reason in words: `folder` needs no installed project, `installed` does."""

    source: Literal["folder", "installed", "unknown"]
    reason: str


def runner_import(tree: SourceTree, project: str, runner: str | None, command: Sequence[str] | None = None) -> RunnerImport:
    """How the worker that `runner` (`module:object`) or `command` starts is imported in the workflow's root.

    `uv run python -m …` searches the root first, so a module there needs no installed project, unless its imports do.
    `project` is the name in `[project]`.
    """
    module = runner.partition(":")[0] if runner else _module_of(command or ())
    if module is None:
        return RunnerImport("unknown", f"the worker command `{' '.join(command or ())}` does not name a module of the project")
    path = tree.find(module) or (tree.find(f"{module}.__main__") if command else None)
    if path is None:
        return RunnerImport("unknown", f"the module {module} is not a file of the project")
    if path.startswith(SOURCE_FOLDER):
        return RunnerImport("installed", f"the runner is imported from {path}, which is found only if the project is installed")
    for file, first in tree.closure(path).items():
        if file.startswith(SOURCE_FOLDER) and first is not None:
            place = f"{first.importer}:{first.line}"
            return RunnerImport("installed", f"{place} imports {file}, which is found only if the project is installed")
        if line := _reads_metadata(tree.module(file), project):
            return RunnerImport("installed", f"{file}:{line} reads the metadata of {project}, which exists only if it is installed")
    return RunnerImport("folder", f"the runner is imported from {path}")


def _module_of(command: Sequence[str]) -> str | None:
    """The module in `… python -m MODULE`, or None."""
    for index, word in enumerate(command[:-1]):
        if word == "-m" and index and command[index - 1].rpartition("/")[2].startswith("python"):
            return command[index + 1]
    return None


def _reads_metadata(module: ast.Module | None, project: str) -> int:
    """The line that asks `importlib.metadata` for the project itself, or 0."""
    for node in ast.walk(module) if module else ():
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        function, name = ast.unparse(node.func).rpartition(".")[2], node.args[0].value
        if function in _METADATA_FUNCTIONS and isinstance(name, str) and normalized_name(name) == normalized_name(project):
            return node.lineno
    return 0
