"""A `tilebox.workflow.toml` for existing code: its runner object, and the files that this object needs."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import UV_FILES
from hatch_tilebox.core.errors import ConfigError, Location, Problem, SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.core.modules import module_name
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.project.adopt.changes import Change
from hatch_tilebox.project.adopt.direct_runner import direct_runners
from hatch_tilebox.project.adopt.runner_edit import edit_module, free_name, proposed_lines
from hatch_tilebox.project.source_code import runner_lines
from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from hatch_tilebox.project.source_tree import SourceTree

_ASIDE = {"tests", "test", "docs", "examples", "benchmarks", "scripts"}


@dataclass(frozen=True)
class FoundRunner:
    """The runner object `name` in the file `path`, and the change that creates it there, if it does not exist yet."""

    path: str
    name: str
    change: Change | None = None

    @property
    def module(self) -> str:
        """The dotted name of its module."""
        return module_name(self.path)

    @property
    def reference(self) -> str:
        """As `module:object`."""
        return f"{self.module}:{self.name}"

    @property
    def rank(self) -> tuple[bool, bool, bool, int, str]:
        """The most likely runner is the smallest."""
        folders = set(self.path.split("/")[:-1])
        is_aside = bool(folders & _ASIDE) or self.path.rpartition("/")[2].startswith("test_")
        return is_aside, self.name != "runner", self.module.rpartition(".")[2] != "runner", len(folders), self.path


def find_runner(tree: SourceTree, notes: list[Problem]) -> FoundRunner:
    """The most likely runner object below the root of the tree, or one for the most likely direct runner.

    Raises ConfigError if there is neither.
    """
    modules = dict(_modules(tree))
    runners = _ranked(FoundRunner(path, name) for path, module in modules.items() for name in runner_lines(module))
    if not runners:
        return _from_direct_runner(tree.root, modules, notes)
    if len(runners) > 1:
        others = ", ".join(runner.reference for runner in runners[1:])
        notes.append(Problem(f"{runners[0].reference} is taken as the runner; there are others: {others}", code="TBX804"))
    return runners[0]


def write_config(tree: SourceTree, runner: FoundRunner, slug: str, inputs: Iterable[str]) -> str:
    """The text of the configuration. `inputs` are files that a build of the project reads."""
    others = [name for name in (*UV_FILES, *inputs) if (tree.root / name).is_file()]
    include = ["pyproject.toml", "uv.lock", *others, *_patterns(tree, runner.path)]
    lines = "".join(f"  {json.dumps(pattern, ensure_ascii=False)},\n" for pattern in include)
    return f'[workflow]\nslug = "{slug}"\nrunner = "{runner.reference}"\n\n[build]\ninclude = [\n{lines}]\n'


def _ranked(runners: Iterable[FoundRunner]) -> list[FoundRunner]:
    """The runners that a release can start, the most likely first."""
    usable = [runner for runner in runners if all(part.isidentifier() for part in runner.module.split("."))]
    return sorted(usable, key=lambda runner: runner.rank)


def _from_direct_runner(root: Path, modules: Mapping[str, ast.Module], notes: list[Problem]) -> FoundRunner:
    """The `Runner` object for the most likely direct runner.

    Raises ConfigError if there is no direct runner, and with the lines to write if its author has to make the edit.
    """
    direct = {path: found for path, module in modules.items() if (found := direct_runners(module))}
    candidates = _ranked(FoundRunner(path, free_name(modules[path])) for path in direct)
    if not candidates:
        hint = "give a module one, such as: runner = Runner(tasks=[MyTask]), with `from tilebox.workflows import Runner`"
        raise ConfigError(Problem(f"no module in {root} has a Runner object that a release can start", hint, code="TBX803"))
    best = candidates[0]
    module, runner = modules[best.path], direct[best.path][0]
    tasks, place = ast.unparse(runner.arguments["tasks"]), Location(best.path, runner.call.lineno)
    text = ""
    try:
        text = read_text(root / best.path)
        after, reason = edit_module(text, module, best.name)
    except UnreadableTextError as error:
        after, reason = "", error.reason
    if reason:
        message = f"this is a direct runner of {tasks}; a release needs a Runner object, and adopt does not write it: {reason}"
        hint = f"write this, then run hatch-tilebox adopt again:\n{proposed_lines(text, runner, best.name)}"
        raise ConfigError(Problem(message, hint, place, code="TBX803"))
    message = f"this direct runner becomes the Runner object {best.reference}, with the tasks {tasks}"
    others = ", ".join(other.path for other in candidates[1:])
    notes.append(Problem(message, f"there are direct runners in {others}, too" if others else None, place, code="TBX803"))
    return FoundRunner(best.path, best.name, Change(best.path, text, after))


def _modules(tree: SourceTree) -> Iterator[tuple[str, ast.Module]]:
    """Paths and syntax trees of the modules of the project, without those that git ignores and those of environments."""
    try:
        found = select_files(tree.root, (Pattern("**/*.py"),), (), skip=[tree.root / "dist", tree.root / "build"])
    except SelectionError:
        return
    for file in found.files:
        if (module := tree.module(file.path)) is not None:
            yield file.path, module


def _patterns(tree: SourceTree, path: str) -> list[str]:
    """Patterns for the runner's module and all that it imports from the project: one for each package or lone module."""
    tops = {file.partition("/")[0] for file in tree.closure(path)}
    first = path.partition("/")[0]
    names = [first, *sorted(tops - {first})]
    return [name if name.endswith(".py") else f"{name}/**" for name in names]
