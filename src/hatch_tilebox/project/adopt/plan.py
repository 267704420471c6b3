"""What changes, as texts before and after; and the writing of it."""

from __future__ import annotations

import difflib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import CONFIG_NAME
from hatch_tilebox.core.errors import ConfigError, Location, Problem
from hatch_tilebox.core.files import whole_file
from hatch_tilebox.core.read_text import UnreadableTextError, read_text
from hatch_tilebox.core.toml_document import read_toml
from hatch_tilebox.discovery.diagnose.sources import how_to_lock
from hatch_tilebox.project.adopt.locked_sdk import refuse_old_sdk
from hatch_tilebox.project.adopt.pyproject import PYPROJECT, add_build_system, add_hook, allow_direct_references
from hatch_tilebox.project.adopt.toml_text import TomlText, table_at
from hatch_tilebox.project.adopt.workflow import write_config
from hatch_tilebox.project.find import config_file
from hatch_tilebox.project.metadata import frontend_problem, is_built_by_hatchling
from hatch_tilebox.project.pyproject import read_pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hatch_tilebox.core.pyproject import Pyproject

__all__ = ["Adoption", "Change", "apply_changes", "plan_adoption"]


@dataclass(frozen=True)
class Change:
    """A file, relative to the project, with its text before (None: there is no file) and after."""

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
    """What would change in the project at `root`, and notes on what is left as it is."""

    root: Path
    changes: list[Change] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def edit(self, name: str) -> TomlText:
        """The file `name` as a text to edit. Raises ConfigError where it is no TOML."""
        read_toml(self.root / name, name)
        return TomlText(name, _read(self.root / name, name))

    def keep(self, text: TomlText) -> None:
        """Take an edited text among the changes, if it is another than before."""
        if text.text != text.before:
            self.changes.append(Change(text.name, text.before, text.text))


def plan_adoption(root: Path) -> Adoption:
    """What adding hatch-tilebox to the project in the folder `root` takes. Nothing is written; nothing to do gives no changes.

    Raises ConfigError where there is no `pyproject.toml` with a `[project]` table, or no runner object to start.
    """
    adoption = Adoption(root)
    if not os.path.lexists(root / PYPROJECT):
        raise ConfigError(Problem(f"no {PYPROJECT} in {root}", "hatch-tilebox init makes a new project"))
    pyproject = read_pyproject(root)
    refuse_old_sdk(root)
    text = _switch_on(adoption, pyproject)
    if not config_file(pyproject).exists():
        built = "build-system" in text.values and table_at(text.values, "tool.uv").get("package") is not False
        config, module = write_config(root, pyproject.table("project"), built=built, notes=adoption.notes)
        adoption.changes += [Change(*module)] if module else []
        adoption.changes.append(Change(CONFIG_NAME, None, config))
    if not (root / "uv.lock").is_file():
        adoption.notes.append(Problem("there is no uv.lock yet, and a release needs it", how_to_lock(root)))
    return adoption


def _switch_on(adoption: Adoption, pyproject: Pyproject) -> TomlText:
    """`pyproject.toml` with our build hook in it, unless no frontend would build the project then: the text is as it was.

    Raises ConfigError where no frontend builds the project as it is.
    """
    root, notes = adoption.root, list[Problem]()
    text = TomlText(PYPROJECT, _read(root / PYPROJECT, PYPROJECT))
    hatch = adoption.edit("hatch.toml") if (root / "hatch.toml").exists() else None
    if add_build_system(root, text, notes):
        add_hook(text, hatch)
    if is_built_by_hatchling(text.values):
        allow_direct_references(text, hatch, notes)
        fault = frontend_problem(pyproject, text.values)
        if fault and is_built_by_hatchling(pyproject.values):
            message = f"hatchling refuses to build this project: {fault.message}"
            raise ConfigError(Problem(message, "correct that, then run: hatch-tilebox adopt", fault.location))
        if fault:
            message = f"the build system stays as it is, because hatchling would refuse this project: {fault.message}"
            hint = "hatch-tilebox build makes a release all the same. For frontends, correct that and run hatch-tilebox adopt again"
            adoption.notes.append(Problem(message, hint, fault.location))
            return TomlText(PYPROJECT, text.before)
    adoption.notes += notes
    if hatch is not None:
        adoption.keep(hatch)
    adoption.keep(text)
    return text


def apply_changes(adoption: Adoption) -> None:
    """Write the changes, each file at once.

    Raises ConfigError where a file is no longer what it was or is not one of the project, before any is written; and where one
    cannot be written.
    """
    for change, real in [(change, _target(adoption.root, change)) for change in adoption.changes]:
        _write(change, real)


def _write(change: Change, real: Path) -> None:
    try:
        mode = None if change.before is None else stat.S_IMODE(real.stat().st_mode)
        with whole_file(real, mode=mode) as file:
            file.write(change.after.encode())
    except OSError as error:
        raise ConfigError(Problem(f"cannot be written: {error.strerror}", location=Location(change.path))) from error


def _target(root: Path, change: Change) -> Path:
    """The file to write. A link to another file of the project stays a link; other people's files are not ours to write."""
    path = root / change.path
    if (_read(path, change.path) if os.path.lexists(path) else None) != change.before:
        message = "changed meanwhile, and no file was written"
        raise ConfigError(Problem(message, "run hatch-tilebox adopt again", Location(change.path)))
    real = Path(os.path.realpath(path))
    if path.is_symlink() and not real.is_relative_to(Path(os.path.realpath(root))):
        message = f"is a link to {real}, outside the project"
        raise ConfigError(Problem(message, "put the file itself there", Location(change.path)))
    return real


def _read(path: Path, name: str) -> str:
    """The text with its line ends as they are."""
    try:
        return read_text(path)
    except FileNotFoundError as error:
        raise ConfigError(Problem("is a link that leads nowhere", "remove it", Location(name))) from error
    except UnreadableTextError as error:
        raise ConfigError(Problem(error.reason, error.hint, Location(name, error.line, error.column))) from error
