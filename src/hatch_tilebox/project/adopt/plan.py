"""What `adopt` changes, as texts before and after, and the writing of these changes."""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME, HATCH_FILE, LOCK_NAME, PYPROJECT_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.pyproject import Pyproject
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.core.toml_document import parse_toml, read_toml
from hatch_tilebox.discovery.diagnose.sources import how_to_lock, workspace_around
from hatch_tilebox.project.adopt.build_system import allow_direct_references, set_up_build
from hatch_tilebox.project.adopt.locked import lock_note, lock_of, refuse_old_sdk
from hatch_tilebox.project.adopt.toml_text import TomlText
from hatch_tilebox.project.adopt.vendor import OPTION, propose_vendor
from hatch_tilebox.project.adopt.workflow import find_runner, write_config
from hatch_tilebox.project.build_options import options_table
from hatch_tilebox.project.find import config_file
from hatch_tilebox.project.metadata import frontend_problem, is_built_by_hatchling
from hatch_tilebox.project.pyproject import read_pyproject
from hatch_tilebox.project.runner_import import RunnerImport, runner_import
from hatch_tilebox.project.source_tree import SourceTree
from hatch_tilebox.project.workflow_file import load_config

if TYPE_CHECKING:
    from collections.abc import Iterator

from hatch_tilebox.project.adopt.workflow import FoundRunner


@dataclass(frozen=True)
class Change:
    """A file, relative to the project, with its text before (None if there is no file) and after."""

    path: str
    before: str | None
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        return "".join(self._diff_lines())

    def _diff_lines(self) -> Iterator[str]:
        old, new = ((text or "").splitlines(keepends=True) for text in (self.before, self.after))
        for line in difflib.unified_diff(old, new, "/dev/null" if self.before is None else self.path, self.path):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


@dataclass
class Adoption:
    """What would change in the project at `root`, and notes on what stays as it is."""

    root: Path
    changes: list[Change] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def keep(self, text: TomlText | None) -> None:
        """Add an edited text to the changes, unless it is the same as before."""
        if text is not None and text.text != text.before:
            self.changes.append(Change(text.name, text.before, text.text))


def plan_adoption(root: Path) -> Adoption:
    """The changes that add hatch-tilebox to the project in the folder `root`, none if it is set up already. Writes nothing.

    Raises ConfigError if there is no `pyproject.toml` with a `[project]` table, or no runner object that a release can start.
    """
    adoption = Adoption(root)
    if not os.path.lexists(root / PYPROJECT_NAME):
        hint = "create a project: hatch-tilebox init; or a pyproject.toml for code that is here: uv init --bare"
        raise ConfigError(Problem(f"no {PYPROJECT_NAME} in {root}", hint, code="TBX002"))
    pyproject = read_pyproject(root)
    lock = lock_of(root)
    if lock:
        refuse_old_sdk(lock)
    tree, found = SourceTree(root), None
    if not config_file(pyproject).exists():
        found = find_runner(tree, adoption.notes)
    imported = _runner_import(tree, pyproject, found)
    text = _edit_tables(adoption, pyproject, imported)
    edited = Pyproject(root, parse_toml(text.text, PYPROJECT_NAME), pyproject.hatch_document)
    if found:
        inputs = edited.build_inputs if edited.packaged else ()
        config = write_config(tree, found, pyproject.table("project"), inputs, adoption.notes)
        if found.change:
            adoption.changes.append(Change(found.change.path, found.change.before, found.change.after))
        adoption.changes.append(Change(CONFIG_NAME, None, config))
    workspace = workspace_around(root.resolve()) if options_table(edited).get(OPTION) else None
    if workspace and not (workspace / LOCK_NAME).is_file():
        message = f"there is no uv.lock in the workspace {workspace} yet, and a release needs it"
        adoption.notes.append(Problem(message, "create one with `uv lock`", code="TBX032"))
    elif not workspace and not (root / LOCK_NAME).is_file():
        adoption.notes.append(Problem("there is no uv.lock yet, and a release needs it", how_to_lock(root), code="TBX032"))
    elif lock and (note := lock_note(lock, packaged=edited.packaged)):
        adoption.notes.append(note)
    return adoption


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
    root, notes = adoption.root, list[Problem]()
    text = TomlText(PYPROJECT_NAME, _read(root / PYPROJECT_NAME, PYPROJECT_NAME))
    hatch = _read_toml(root, HATCH_FILE) if (root / HATCH_FILE).exists() else None
    set_up_build(root, text, hatch, imported, notes)
    propose_vendor(pyproject, text, hatch, notes)
    if is_built_by_hatchling(text.values):
        allow_direct_references(text, hatch, notes)
        fault = frontend_problem(pyproject, text.values)
        if fault and is_built_by_hatchling(pyproject.values):
            message = f"hatchling refuses to build this project: {fault.message}"
            raise ConfigError(Problem(message, "correct that, then run: hatch-tilebox adopt", fault.location, code="TBX802"))
        if fault:
            message = f"the build system stays as it is, because hatchling would refuse this project: {fault.message}"
            hint = (
                "hatch-tilebox build builds a release all the same. For frontends, correct that and run hatch-tilebox adopt again"
            )
            adoption.notes.append(Problem(message, hint, fault.location, code="TBX802"))
            return TomlText(PYPROJECT_NAME, text.before)
    adoption.notes += notes
    adoption.keep(hatch)
    adoption.keep(text)
    return text


def _read_toml(root: Path, name: str) -> TomlText:
    """The file `name` as a text to edit. Raises ConfigError if it is not valid TOML."""
    read_toml(root / name, name)
    return TomlText(name, _read(root / name, name))


def apply_changes(adoption: Adoption) -> None:
    """Write the changes; each file appears whole.

    Raises ConfigError before anything is written if a file has changed since or is not part of the project, and if a file cannot be
    written.
    """
    for change, real in [(change, _target(adoption.root, change)) for change in adoption.changes]:
        _write(change, real)


def _write(change: Change, real: Path) -> None:
    try:
        mode = None if change.before is None else stat.S_IMODE(real.stat().st_mode)
        with whole_file(real, mode=mode) as file:
            file.write(change.after.encode())
    except OSError as error:
        raise ConfigError(Problem(f"cannot be written: {error.strerror}", location=Location(change.path), code="TBX401")) from error


def _target(root: Path, change: Change) -> Path:
    """The file to write. A link to a file of the project stays a link; a link to another file is refused."""
    path = root / change.path
    if (_read(path, change.path) if os.path.lexists(path) else None) != change.before:
        message = "changed meanwhile, and no file was written"
        raise ConfigError(Problem(message, "run the command again", Location(change.path), code="TBX802"))
    real = Path(os.path.realpath(path))
    if path.is_symlink() and not real.is_relative_to(Path(os.path.realpath(root))):
        message = f"is a link to {real}, outside the project"
        raise ConfigError(Problem(message, "put the file itself there", Location(change.path), code="TBX802"))
    return real


def _read(path: Path, name: str) -> str:
    """The text with its line ends as they are."""
    try:
        return read_text(path)
    except FileNotFoundError as error:
        raise ConfigError(Problem("is a link to a file that does not exist", "remove it", Location(name), code="TBX003")) from error
    except UnreadableTextError as error:
        raise ConfigError(Problem(error.reason, error.hint, Location(name, error.line, error.column), code="TBX003")) from error
