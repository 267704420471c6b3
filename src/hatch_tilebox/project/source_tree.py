"""The Python modules below a folder, as syntax trees: where a module is, and what it imports from the same folder."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.modules import SOURCE_FOLDER, SOURCE_FOLDERS, module_files, module_name, package_name
from hatch_tilebox.project.source_code import imported_modules

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from pathlib import Path

    from hatch_tilebox.core.workflow import Workflow

_UNREADABLE = (SyntaxError, ValueError, OSError, RecursionError, MemoryError)


class Import(NamedTuple):
    """An import of a module of the project: the file that is imported, and the file and line that import it."""

    path: str
    importer: str
    line: int


@dataclass(frozen=True, eq=False)
class SourceTree:
    """The modules below the folder `root`, each parsed once, when it is first asked for. Paths are relative to `root`.

    With `selected`, only these files count.
    """

    root: Path
    selected: Container[str] | None = None
    _trees: dict[str, ast.Module | None] = field(default_factory=dict, repr=False)
    _paths: dict[tuple[str, tuple[str, ...]], str | None] = field(default_factory=dict, repr=False)

    def module(self, path: str) -> ast.Module | None:
        """The syntax tree of a file, or None if there is no such file or this Python cannot parse it."""
        if path not in self._trees:
            try:
                self._trees[path] = ast.parse((self.root / path).read_bytes(), path)
            except _UNREADABLE:
                self._trees[path] = None
        return self._trees[path]

    def find(self, name: str, folders: Iterable[str] = SOURCE_FOLDERS) -> str | None:
        """The path of the module with this dotted name in the first of the `folders` that has one, or None."""
        key = (name, tuple(folders))
        if key not in self._paths:
            self._paths[key] = next(filter(self._has, module_files(name, folders)), None)
        return self._paths[key]

    def _has(self, path: str) -> bool:
        return (self.selected is None or path in self.selected) and (self.root / path).is_file()

    def runner_file(self, workflow: Workflow) -> str | None:
        """The path of the module with the runner object, or None if the workflow has no runner or it is not a file here."""
        return self.find(workflow.runner.partition(":")[0]) if workflow.runner else None

    def run_by_import(self, name: str, folders: Iterable[str] = SOURCE_FOLDERS) -> list[str]:
        """The files that an import of the dotted name runs: the packages that contain the module, and the module itself."""
        parts = name.split(".")
        found = (self.find(".".join(parts[: depth + 1]), folders) for depth in range(len(parts)))
        return [path for path in found if path is not None]

    def imports(self, path: str) -> Iterator[Import]:
        """What a file imports from the project, in the order of its lines, imports inside functions included."""
        tree = self.module(path)
        if tree is None:
            return
        folders = (SOURCE_FOLDER, "") if path.startswith(SOURCE_FOLDER) else ("", SOURCE_FOLDER)
        for name, line in imported_modules(tree, package_name(path)):
            yield from (Import(found, path, line) for found in self.run_by_import(name, folders))

    def closure(self, path: str) -> dict[str, Import | None]:
        """The files that importing `path` may run, each with the first import of it; the packages around `path` have none."""
        found: dict[str, Import | None] = dict.fromkeys([*self.run_by_import(module_name(path)), path])
        queue = list(found)
        for importer in queue:  # grows meanwhile
            for item in self.imports(importer):
                if item.path not in found:
                    found[item.path] = item
                    queue.append(item.path)
        return found
