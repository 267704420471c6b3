"""The workflow projects of a repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME, HATCH_FILE, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Problem, SelectionError
from hatch_tilebox.core.file_names import on_disk
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.core.pyproject import peek_pyproject
from hatch_tilebox.project.find import config_file, find_project
from hatch_tilebox.project.workflow_file import advice_on_missing
from hatch_tilebox.selection.explain import explain
from hatch_tilebox.selection.patterns.globs import escape
from hatch_tilebox.selection.walk import Folder, Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRODUCTS = frozenset({"build", "dist"})
"""Where builds of a project write, beside its `pyproject.toml`: copies of its files may be there."""


def find_projects(root: Path) -> tuple[Path, ...]:
    """Return the absolute paths of all workflow projects in the folder `root` and below it, sorted.

    Left out are folders that git ignores, hidden folders, environments, installed packages, caches, and the folders `build` and
    `dist` of a project. Links are not followed. Raises ConfigError if there is no project, or a folder or an ignore file cannot be
    read.
    """
    root = root.resolve()
    try:
        found = projects_below(root)
    except SelectionError as error:
        hint = "allow your user to read it, or add it to .gitignore"
        raise ConfigError(*(problem._replace(hint=hint) for problem in error.problems)) from error
    if not found:
        message = f"no {CONFIG_NAME} in {root} or in a folder below it"
        hint = f"{advice_on_missing(root)}; folders that git ignores are left out"
        raise ConfigError(Problem(message, hint, code="TBX001"))
    return found


def projects_below(root: Path) -> tuple[Path, ...]:
    """Return what `find_projects` returns, or nothing if there is no project. Raises SelectionError for what cannot be read."""
    root = root.resolve()
    if not root.is_dir():
        return ()
    return tuple(sorted({project for folder, names in _folders(root) if (project := _project(folder, names))}))


def repository_around(folder: Path) -> Path | None:
    """Return the root of the Git repository that has the folder, None without one."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place / ".git")), None)


def _folders(root: Path) -> Iterator[tuple[Path, set[str]]]:
    """Yield the folders that may be projects, with the names of what they contain.

    The rules are those of the selection, with the ignore files of the whole repository, also of folders above `root`.
    """
    top = repository_around(root) or root
    if top != root and explain(top, (Pattern("**"),), (), root).rule:
        top = root  # a user may name a folder that is ignored
    prefix = "" if top == root else f"{escape(root.relative_to(top).as_posix())}/"
    walk = Walk(top, (Pattern(f"{prefix}**"),), (), use_gitignore=True, skip=())
    waiting = [walk.start()]
    while waiting:
        folder = waiting.pop()
        names = {found.name for found in folder.entries}
        place = Path(top, on_disk(folder.prefix))
        if is_below := place.is_relative_to(root):
            yield place, names
        for found in folder.entries:
            if not found.is_dir(follow_symlinks=False) or (is_below and _is_left_out(found.name, names)):
                continue
            verdict = walk.judge(folder, found)
            if verdict.rule is None and verdict.includes:
                try:
                    opened = walk.open(folder, verdict)
                except SelectionError:
                    if Path(verdict.source).is_dir():
                        raise
                    continue  # another program has removed it meanwhile
                if isinstance(opened, Folder):
                    waiting.append(opened)


def _is_left_out(name: str, siblings: set[str]) -> bool:
    return name.startswith(".") or (name in _PRODUCTS and PYPROJECT_NAME in siblings)


def _project(folder: Path, names: set[str]) -> Path | None:
    """Return the project whose configuration is in the folder or is named by a file there, None if there is none."""
    if CONFIG_NAME in names:
        return folder if PYPROJECT_NAME in names else find_project(folder)
    if any(_may_name_config(folder / name) for name in {PYPROJECT_NAME, HATCH_FILE} & names):
        return folder if os.path.lexists(config_file(peek_pyproject(folder), {})) else None
    return None


def _may_name_config(path: Path) -> bool:
    """Whether the file may set the option `config`. Reading the text is much faster than parsing it."""
    if not path.is_file():
        return False
    content = path.read_bytes()
    return b"config" in content and b"tilebox" in content
