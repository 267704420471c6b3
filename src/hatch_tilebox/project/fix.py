"""Changes that remove problems which `check` finds, for `check --fix`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import ConfigError, Fix, Location, Problem, TileboxError
from hatch_tilebox.discovery.run_uv import INSTALL_LIMIT, run_uv
from hatch_tilebox.project.adopt.changes import Change, apply_changes
from hatch_tilebox.project.adopt.toml_text import TomlText
from hatch_tilebox.project.check import CheckReport, check_project
from hatch_tilebox.project.find import config_file, find_pyproject

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ROUNDS = 5
"""A fix may let `check` find more, such as files that a misspelt `include` did not select."""


@dataclass(frozen=True)
class Fixed:
    """What was changed: texts of files, and whether uv wrote `uv.lock`. `report` is the check after that."""

    report: CheckReport
    changes: tuple[Change, ...] = ()
    locked: bool = False


def fix_project(start: Path) -> Fixed:
    """Fix what can be fixed in the workflow project in the folder `start` or above it, and check it again.

    A file is changed whole or not at all, and keeps its comments and style. What cannot be fixed stays in the report.
    """
    fixed = Fixed(check_project(start))
    tried: set[Fix] = set()
    for _ in range(_ROUNDS):
        problems = (*fixed.report.errors, *fixed.report.warnings)
        fixes = {problem.fix: None for problem in problems if problem.fix and problem.fix not in tried}
        if not fixes:
            break
        tried |= fixes.keys()
        fixed = _apply(start, fixes, fixed)
    return fixed


def _apply(start: Path, fixes: Iterable[Fix], fixed: Fixed) -> Fixed:
    """Return what is fixed after `fixes` too. What fails is an error of the new report."""
    failed: list[Problem] = []
    pyproject = find_pyproject(start)
    root, config = pyproject.root, config_file(pyproject)
    texts: dict[str, TomlText | None] = {}
    for fix in fixes:
        if fix.action != "lock":
            name = fix.file or config.relative_to(root).as_posix()
            if name not in texts:
                texts[name] = _read(root, name, failed)
            if text := texts[name]:
                _edit(text, fix)
    changes = [change for text in texts.values() if text for change in text.changes]
    locks = any(fix.action == "lock" for fix in fixes)
    try:
        apply_changes(root, changes)
        if locks:
            _lock(root)
    except TileboxError as error:
        failed += error.problems
    report = check_project(start)
    report.errors[:0] = [problem for problem in failed if problem not in report.errors]
    return Fixed(report, _merged(fixed.changes, changes), fixed.locked or (locks and not failed))


def _read(root: Path, name: str, failed: list[Problem]) -> TomlText | None:
    try:
        return TomlText(root, name)
    except ConfigError as error:
        failed += error.problems
        return None


def _edit(text: TomlText, fix: Fix) -> None:
    """Make the edit of a fix, unless that would change other values too: then the problem stays."""
    path = ".".join(str(part) for part in fix.path)
    try:
        if fix.action == "rename":
            text.rename(fix.path, str(fix.value))
        elif fix.action == "append":
            text.edit_array(path, add=[str(fix.value)])
        else:
            text.create(path, fix.value)
    except (ConfigError, KeyError, TypeError):
        return


def _lock(root: Path) -> None:
    """Run `uv lock`. Raises TileboxError if it fails."""
    done = run_uv("lock", "--project", ".", folder=root, timeout=INSTALL_LIMIT)
    if done.failed:
        raise ConfigError(Problem("uv lock failed", None, Location(LOCK_NAME), done.last_words, code="TBX031"))


def _merged(earlier: tuple[Change, ...], later: Iterable[Change]) -> tuple[Change, ...]:
    """Return one change for each file."""
    found = {change.path: change for change in earlier}
    for change in later:
        first = found.get(change.path, change)
        found[change.path] = replace(first, after=change.after)
    return tuple(found.values())
