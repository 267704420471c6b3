"""The files that a runner needs, read from syntax trees: include patterns for them, and selected files that nothing uses."""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import LOCK_NAME, PYPROJECT_NAME, UV_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.model import FileSet
    from hatch_tilebox.core.pyproject import Pyproject
    from hatch_tilebox.project.source_tree import SourceTree

_FOR_UV = (PYPROJECT_NAME, LOCK_NAME, *UV_FILES)

_LONGEST = 256
"""More characters than the path of a file in a release has."""


@dataclass(frozen=True)
class Suggestion:
    """Patterns for `[build] include`, and the selected files that no module imports or names."""

    include: tuple[str, ...]
    unused: tuple[str, ...]


def suggest_files(tree: SourceTree, config: WorkflowConfig, pyproject: Pyproject, files: FileSet) -> Suggestion | None:
    """The files that the runner's module needs: what it imports, also inside functions, and files that these modules name.

    A module names a file if a string in it is the name of the file or of a folder around it. None if the runner's module is not a
    file of the project.
    """
    start = tree.runner_file(config.workflow)
    if start is None:
        return None
    modules = set(tree.closure(start))
    words = {word for path in modules for text in _strings(tree.module(path)) for word in text.split("/")}
    inputs = pyproject.build_inputs if pyproject.packaged else ()
    wanted = [name for name in (*_FOR_UV, *inputs) if (tree.root / name).is_file()]
    used = {path for path in (file.path for file in files.files) if path in modules or path in wanted or _is_named(path, words)}
    opened = {found for path in modules for found in _opened(tree, path)}
    data = sorted((used | opened) - modules - set(wanted))
    patterns = dict.fromkeys([*wanted, *(_pattern(path) for path in sorted(modules)), *data])
    return Suggestion(tuple(patterns), tuple(file.path for file in files.files if file.path not in used))


def _pattern(path: str) -> str:
    """All modules of the folder of a module, or the lone module beside `pyproject.toml`."""
    folder, slash, _ = path.rpartition("/")
    return f"{folder}/*.py" if slash else path


def _opened(tree: SourceTree, path: str) -> Iterator[str]:
    """The files, selected or not, whose path from the root or from the folder of the module is a string in the module."""
    folder = path.rpartition("/")[0]
    for text in _strings(tree.module(path)):
        for found in (posixpath.normpath(text), posixpath.normpath(posixpath.join(folder, text))):
            if not found.startswith(("/", "..")) and not found.endswith(".py") and (tree.root / found).is_file():
                yield found


def _is_named(path: str, words: set[str]) -> bool:
    """Whether a string is the name of a file or of a folder around it."""
    return not path.endswith(".py") and bool(words.intersection(path.split("/")))


def _strings(module: ast.Module | None) -> Iterator[str]:
    """The strings of one line in a module, with `/` between folders."""
    for node in ast.walk(module) if module else ():
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.isprintable()
            and len(node.value) < _LONGEST
        ):
            yield node.value.replace("\\", "/")
