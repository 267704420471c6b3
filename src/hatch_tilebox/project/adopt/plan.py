"""What `adopt` changes in a project."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from hatch_tilebox.core.constants import CONFIG_NAME, HATCH_FILE, LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.pyproject import Pyproject
from hatch_tilebox.core.toml_document import parse_toml
from hatch_tilebox.core.uv_lock import UvLock, read_lock
from hatch_tilebox.discovery.diagnose.sources import how_to_lock, workspace_around
from hatch_tilebox.discovery.diagnose.startup import FIRST_SDK
from hatch_tilebox.project.adopt.build_system import ProjectTables, allow_direct_references, set_up_build
from hatch_tilebox.project.adopt.changes import Change
from hatch_tilebox.project.adopt.toml_text import TomlText
from hatch_tilebox.project.adopt.vendor import OPTION, propose_vendor
from hatch_tilebox.project.adopt.workflow import FoundRunner, find_runner, write_config
from hatch_tilebox.project.build_options import options_table
from hatch_tilebox.project.find import config_file
from hatch_tilebox.project.metadata import frontend_problem, is_built_by_hatchling
from hatch_tilebox.project.pyproject import read_pyproject
from hatch_tilebox.project.runner_import import RunnerImport, runner_import
from hatch_tilebox.project.scaffold import derive_slug
from hatch_tilebox.project.source_tree import SourceTree
from hatch_tilebox.project.workflow_file import load_config

if TYPE_CHECKING:
    from pathlib import Path

_SDK = "tilebox-workflows"
_SLUG = re.compile(r'^slug = ".*"$', re.MULTILINE)


@dataclass
class Adoption:
    """What would change in the project at `root`, and notes on what stays as it is."""

    root: Path
    changes: list[Change] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def set_slug(self, slug: str) -> None:
        """Write another slug into the new configuration."""
        self.changes = [
            replace(change, after=_SLUG.sub(f'slug = "{slug}"', change.after, count=1)) if change.path == CONFIG_NAME else change
            for change in self.changes
        ]


def plan_adoption(root: Path, create: str | None = None) -> Adoption:
    """The changes that add hatch-tilebox to the project in the folder `root`, none if it is set up already. Writes nothing.

    `create` is the name of the workflow if it is created when the changes are written.

    Raises ConfigError if there is no `pyproject.toml` with a `[project]` table, or no runner object that a release can start, or a
    workflow is to be created and the project has a configuration, which names its workflow.
    """
    adoption = Adoption(root)
    if not os.path.lexists(root / PYPROJECT_NAME):
        hint = "create a project: hatch-tilebox init; or a pyproject.toml for code that is here: uv init --bare"
        raise ConfigError(Problem(f"no {PYPROJECT_NAME} in {root}", hint, code="TBX002"))
    pyproject = read_pyproject(root)
    lock = _lock_of(root)
    if lock:
        _refuse_old_sdk(lock)
    tree, found = SourceTree(root), None
    if not config_file(pyproject).exists():
        found = find_runner(tree, adoption.notes)
    elif create:
        message = f"{root} has a {CONFIG_NAME} already, so no workflow is created"
        hint = "leave out --create, or write the slug of another workflow into that file"
        raise ConfigError(Problem(message, hint, code="TBX801"))
    imported = _runner_import(tree, pyproject, found)
    text = _edit_tables(adoption, pyproject, imported)
    edited = Pyproject(root, parse_toml(text.text, PYPROJECT_NAME), pyproject.hatch_document)
    if found:
        slug = derive_slug(pyproject.table("project")["name"])
        adoption.notes.append(_slug_note(slug, create))
        if found.change:
            adoption.changes.append(found.change)
        inputs = edited.build_inputs if edited.packaged else ()
        adoption.changes.append(Change(CONFIG_NAME, None, write_config(tree, found, slug, inputs)))
    workspace = workspace_around(root.resolve()) if options_table(edited).get(OPTION) else None
    if workspace and not (workspace / LOCK_NAME).is_file():
        message = f"there is no uv.lock in the workspace {workspace} yet, and a release needs it"
        adoption.notes.append(Problem(message, "create one with `uv lock`", code="TBX032"))
    elif not workspace and not (root / LOCK_NAME).is_file():
        adoption.notes.append(Problem("there is no uv.lock yet, and a release needs it", how_to_lock(root), code="TBX032"))
    elif lock and (note := _lock_note(lock, packaged=edited.packaged)):
        adoption.notes.append(note)
    return adoption


def _slug_note(slug: str, create: str | None) -> Problem:
    if create:
        return Problem(f"the workflow {create!r} is created at Tilebox, and its slug replaces the one above", code="TBX801")
    hint = f"replace it in {CONFIG_NAME} by the slug that Tilebox gave the workflow"
    return Problem(f"the slug {slug} is derived from the project's name", hint, code="TBX804")


def _lock_of(root: Path) -> UvLock | None:
    """The lock in the folder `root`, or None if it is missing or damaged: `check` and builds report a damaged one."""
    try:
        return read_lock(root / LOCK_NAME)
    except (ConfigError, OSError):
        return None


def _refuse_old_sdk(lock: UvLock) -> None:
    """Raise ConfigError if the lock has an SDK without `Runner`."""
    try:
        old = [version for version in lock.versions(_SDK) if Version(version) < Version(FIRST_SDK)]
    except InvalidVersion:
        return
    if old:
        message = f"it has {_SDK} {old[0]}, which has no Runner: releases need {FIRST_SDK} or later"
        hint = f"uv lock --upgrade-package {_SDK}; then run: hatch-tilebox adopt"
        raise ConfigError(Problem(message, hint, Location(LOCK_NAME), code="TBX316"))


def _lock_note(lock: UvLock, *, packaged: bool) -> Problem | None:
    """A note if the lock was made when uv installed the project and no longer does, or the other way round."""
    kinds = [package.kind for package in lock.packages if package.is_project]
    if not kinds or (kinds[0] != "virtual") == packaged:
        return None
    change = "installs the project from now on" if packaged else "no longer installs the project"
    return Problem(f"uv {change}, so the lock has to be updated", "run: uv lock", Location(LOCK_NAME), code="TBX031")


def _runner_import(tree: SourceTree, pyproject: Pyproject, found: FoundRunner | None) -> RunnerImport:
    """How release runners import the runner that was found, or else the one that the project's configuration names."""
    if found:
        return runner_import(tree, pyproject.name, found.reference)
    try:
        config = load_config(config_file(pyproject))
    except ConfigError:  # check and builds report it
        return RunnerImport("unknown", "the configuration of the workflow has errors")
    if config.root != tree.root.resolve():
        return RunnerImport("unknown", f"the root of the workflow is another folder, {config.root}")
    return runner_import(tree, pyproject.name, config.workflow.runner, config.workflow.command)


def _edit_tables(adoption: Adoption, pyproject: Pyproject, imported: RunnerImport) -> TomlText:
    """`pyproject.toml` with what builds releases in it; as it was if hatchling would refuse to build the project then.

    Raises ConfigError if no frontend builds the project as it is.
    """
    root = adoption.root
    hatch = TomlText(root, HATCH_FILE) if pyproject.hatch_document else None
    tables = ProjectTables(root, TomlText(root, PYPROJECT_NAME), hatch)
    set_up_build(tables, imported)
    propose_vendor(pyproject, tables)
    if is_built_by_hatchling(tables.text.values):
        allow_direct_references(tables)
        fault = frontend_problem(pyproject, tables.text.values)
        if fault and is_built_by_hatchling(pyproject.values):
            message = f"hatchling refuses to build this project: {fault.message}"
            raise ConfigError(Problem(message, "correct that, then run: hatch-tilebox adopt", fault.location, code="TBX802"))
        if fault:
            message = f"the build system stays as it is, because hatchling would refuse this project: {fault.message}"
            hint = (
                "hatch-tilebox build builds a release all the same. For frontends, correct that and run hatch-tilebox adopt again"
            )
            adoption.notes.append(Problem(message, hint, fault.location, code="TBX802"))
            return TomlText(root, PYPROJECT_NAME)
    adoption.notes += tables.notes
    adoption.changes += [*(hatch.changes if hatch else ()), *tables.text.changes]
    return tables.text
