"""A `tilebox.workflow.toml` for code that is there: its runner object, and the files that this one needs."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem, SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.project.adopt.direct_runner import direct_runners
from hatch_tilebox.project.adopt.runner_edit import RunnerEdit, edit_module, free_name, proposed_lines
from hatch_tilebox.project.scaffold import derive_slug
from hatch_tilebox.project.source_code import runner_names
from hatch_tilebox.selection.select import select_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["write_config"]

_ASIDE = {"tests", "test", "docs", "examples", "benchmarks", "scripts"}
_SOURCE = "src"


@dataclass(frozen=True)
class _Runner:
    path: str
    name: str

    @property
    def parts(self) -> list[str]:
        """The parts of the module's name."""
        parts = self.path.removesuffix(".py").split("/")
        parts = parts[1:] if parts[0] == _SOURCE and len(parts) > 1 else parts
        return parts[:-1] if parts[-1] == "__init__" else parts

    @property
    def reference(self) -> str:
        """As `module:object`."""
        return f"{'.'.join(self.parts)}:{self.name}"

    @property
    def rank(self) -> tuple[bool, bool, bool, int, str]:
        """The likeliest one is the smallest."""
        folders = set(self.path.split("/")[:-1])
        is_aside = bool(folders & _ASIDE) or self.path.rpartition("/")[2].startswith("test_")
        return is_aside, self.name != "runner", self.parts[-1:] != ["runner"], len(folders), self.path


def write_config(
    root: Path, project: Mapping[str, Any], *, built: bool, notes: list[Problem]
) -> tuple[str, tuple[str, str, str] | None]:
    """The text of the configuration for the project whose `[project]` table is given.

    Where a direct runner gets its `Runner` object, also the module's path and its text before and after. `built` says whether uv
    builds the project, so that a release needs what the build reads. Raises ConfigError without a runner.
    """
    modules = _modules(root)
    runners = _ranked(_Runner(path, name) for path, tree in modules.items() for name in runner_names(tree))
    module: tuple[str, str, str] | None = None
    if not runners:
        runner, module = _from_direct_runner(root, modules, notes)
        runners = [runner]
    if len(runners) > 1:
        others = ", ".join(runner.reference for runner in runners[1:])
        notes.append(Problem(f"{runners[0].reference} is taken for the runner; there are others: {others}"))
    slug = derive_slug(str(project["name"]))
    notes.append(
        Problem(f"the slug {slug} is made from the project's name", f"write the one that Tilebox has for it into {CONFIG_NAME}")
    )
    configuring = [name for name in ("uv.toml", ".python-version", ".python-versions") if (root / name).is_file()]
    include = [
        "pyproject.toml",
        "uv.lock",
        *configuring,
        *(_read_by_builds(root, project) if built else []),
        *_needed(runners[0].path, modules),
    ]
    lines = "".join(f"  {json.dumps(pattern, ensure_ascii=False)},\n" for pattern in include)
    start = f'[workflow]\nslug = "{slug}"\nrunner = "{runners[0].reference}"\n'
    return f"{start}\n[build]\ninclude = [\n{lines}]\n", module


def _ranked(runners: Iterable[_Runner]) -> list[_Runner]:
    """Those that a release could start, the likeliest first."""
    usable = [runner for runner in runners if runner.parts and all(part.isidentifier() for part in runner.parts)]
    return sorted(usable, key=lambda runner: runner.rank)


def _from_direct_runner(
    root: Path, modules: Mapping[str, ast.Module], notes: list[Problem]
) -> tuple[_Runner, tuple[str, str, str]]:
    """The `Runner` object for the likeliest direct runner, and the edit that makes it.

    Raises ConfigError where there is no direct runner, and with the lines to write where the edit is better left to the author.
    """
    direct = {path: found for path, tree in modules.items() if (found := direct_runners(tree))}
    candidates = _ranked(_Runner(path, free_name(modules[path])) for path in direct)
    if not candidates:
        hint = "give a module one, such as: runner = Runner(tasks=[MyTask]), with `from tilebox.workflows import Runner`"
        raise ConfigError(Problem(f"no module in {root} has a Runner object that a release could start", hint))
    best = candidates[0]
    tree, runner = modules[best.path], direct[best.path][0]
    tasks, place = ast.unparse(runner.arguments["tasks"]), Location(best.path, runner.line)
    try:
        text, reason = read_text(root / best.path), ""
    except UnreadableTextError as error:
        text, reason = "", error.reason
    if len(direct[best.path]) > 1:
        reason = "the module has several of them"
    edit = RunnerEdit(text, best.name, reason) if reason else edit_module(text, tree, runner)
    if edit.reason:
        message = f"this is a direct runner of {tasks}; a release needs a Runner object, and adopt does not write it: {edit.reason}"
        hint = f"write this, then run hatch-tilebox adopt again:\n{proposed_lines(text, tree, runner)}"
        raise ConfigError(Problem(message, hint, place))
    message = f"this direct runner becomes the Runner object {best.reference}, with the tasks {tasks}"
    others = ", ".join(other.path for other in candidates[1:])
    notes.append(Problem(message, f"there are direct runners in {others}, too" if others else None, place))
    return best, (best.path, text, edit.text)


def _modules(root: Path) -> dict[str, ast.Module]:
    """The modules of the project that this Python can read, by path. What git ignores, and environments, are none of them."""
    try:
        found = select_files(root, (Pattern("**/*.py"),), (), skip=[root / "dist", root / "build"])
    except SelectionError:
        return {}
    parsed = {file.path: _parse(file.source) for file in found.files}
    return {path: tree for path, tree in parsed.items() if tree is not None}


def _parse(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError):
        return None


def _needed(start: str, modules: Mapping[str, ast.Module]) -> list[str]:
    """Patterns for the module `start`, and all that it imports from the project, one for each package or lone module."""
    if start.startswith(f"{_SOURCE}/"):
        return [f"{_SOURCE}/**"]
    wanted = [start.partition("/")[0]]
    for top in wanted:  # grows meanwhile
        for path, tree in modules.items():
            if path == top or path.startswith(f"{top}/"):
                wanted += sorted(name for name in _local(_imports(tree), modules) if name not in wanted)
    return [top if top.endswith(".py") else f"{top}/**" for top in wanted]


def _imports(tree: ast.Module) -> set[str]:
    """The first parts of the names that a module imports absolutely."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return names


def _local(names: set[str], modules: Mapping[str, ast.Module]) -> set[str]:
    """Those of the names that are packages or lone modules of the project: their folders and files."""
    tops = {path.partition("/")[0] for path in modules}
    return {top for name in names for top in (name, f"{name}.py") if top in tops}


def _read_by_builds(root: Path, project: Mapping[str, Any]) -> list[str]:
    """Files that the metadata names."""
    named = [value.get("file") if isinstance(value, dict) else value for value in (project.get("readme"), project.get("license"))]
    return [name for name in named if isinstance(name, str) and (root / name).is_file()]
