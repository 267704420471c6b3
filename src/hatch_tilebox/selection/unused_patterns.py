"""Patterns that select or exclude nothing, with what was perhaps meant."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.errors import Problem
from hatch_tilebox.core.file_names import released_name
from hatch_tilebox.core.suggestions import close_match
from hatch_tilebox.selection.built_in_rules import GENERATED_FOLDERS, is_never_shipped
from hatch_tilebox.selection.git_content import submodule_hint, uninitialized_submodules
from hatch_tilebox.selection.patterns.globs import SPECIAL, escape, normalize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hatch_tilebox.core.model import Pattern
    from hatch_tilebox.selection.walk import Folder, Rule, Verdict, Walk

_NOT_INITIALIZED = "is a Git submodule that is not initialized"


class PatternUse:
    """Which patterns of a selection have an effect, and what keeps the others from having one."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self.unused = set(range(len(walk.includes.patterns)))
        """The include patterns that have selected nothing yet."""
        self._excluding: set[int] = set()
        self._kept_out: dict[int, tuple[str, Rule]] = {}
        self._unseen: list[tuple[str, Rule]] = []
        self._folders_included: dict[int, str] = {}
        self._folders_excluded: dict[int, str] = {}
        self._empty_folders: dict[str, set[int]] = {}

    def selects(self, path: str) -> None:
        """A file is selected."""
        self.unused.difference_update(self._walk.includes.matches(path))

    def keeps_out(self, rule: Rule, folder: Folder, verdict: Verdict) -> None:
        """A rule keeps an entry of `folder` out."""
        if self.unused - self._kept_out.keys():
            for index in self._walk.reached(folder, verdict):
                self._kept_out.setdefault(index, (verdict.path, rule))
        if verdict.kind == "folder" and rule.kind in {"exclude", "ignore"}:
            self._unseen.append((verdict.path, rule))
        if rule.kind == "exclude":
            self._excluding.update(self._walk.excludes.matches(verdict.path), self._walk.excludes.covering(verdict.excludes))

    def reaches(self, parent: Folder, path: str) -> None:
        """A folder is reached. A glob that names it as it would name a file selects and excludes nothing."""
        walk = self._walk
        for globs, above, found in (
            (walk.includes, parent.includes, self._folders_included),
            (walk.excludes, parent.excludes, self._folders_excluded),
        ):
            covering = globs.covering(above)
            if len(covering) < len(globs.patterns):
                for index in {*globs.matches(path), *globs.matches(f"{path}/")} - covering:
                    found.setdefault(index, path)

    def opens(self, folder: Folder) -> None:
        """A folder is opened."""
        if not folder.entries:
            self._empty_folders[folder.prefix.removesuffix("/")] = self._walk.includes.reaching(folder.includes)

    def unused_includes(self) -> list[Problem]:
        """Return a problem for each include pattern that selects nothing: what keeps its files out, or a similar name."""
        patterns = self._walk.includes.patterns
        # Discovery reports a missing lock, with what to do.
        return [self._unused(index, patterns[index]) for index in sorted(self.unused) if patterns[index].text != LOCK_NAME]

    def without_effect(self) -> list[Problem]:
        """Return problems for exclude patterns that exclude nothing because they name a folder, and for submodules.

        Other exclude patterns may match nothing: what they exclude need not exist at every build.
        """
        patterns = self._walk.excludes.patterns
        useless = [index for index in sorted(self._folders_excluded) if index not in self._excluding]
        reported = {self._submodule(index) for index in self.unused}
        return [
            *(_names_folder(patterns[index], self._folders_excluded[index]) for index in useless),
            *(
                Problem(f"{path} {_NOT_INITIALIZED}, so nothing in it is selected", submodule_hint(path), code="TBX113")
                for path in self._submodules
                if path not in reported
            ),
        ]

    @cached_property
    def _submodules(self) -> list[str]:
        return sorted(uninitialized_submodules(self._walk.root, self._empty_folders))

    def _submodule(self, index: int) -> str | None:
        """Return the submodule from which an include pattern would select if it were initialized."""
        return next((path for path in self._submodules if index in self._empty_folders[path]), None)

    def _unused(self, index: int, pattern: Pattern) -> Problem:
        if submodule := self._submodule(index):
            message = f'"{pattern.text}" matches nothing: {submodule} {_NOT_INITIALIZED}'
            return Problem(message, submodule_hint(submodule), pattern.location, code="TBX113")
        if index in self._kept_out:
            path, rule = self._kept_out[index]
            place = f" ({rule.location})" if rule.location else ""
            message = f'"{pattern.text}" selects nothing: {path} is kept out by {rule.text}{place}'
            hint = "name single files without wildcards, or copy them to another folder" if rule.kind == "generated" else None
            return Problem(message, hint, pattern.location, code="TBX102")
        if index in self._folders_included:
            return _names_folder(pattern, self._folders_included[index])
        hint = _close(self._walk, pattern.text)
        if hint is None and "**" in pattern.text and self._unseen:
            path, rule = self._unseen[0]
            hint = f"{path} is not searched: it is kept out by {rule.text}"
        return Problem(f'"{pattern.text}" matches nothing', hint, pattern.location, code="TBX102")


def _names_folder(pattern: Pattern, folder: str) -> Problem:
    message = f'"{pattern.text}" matches a folder ({folder}), but patterns match files'
    return Problem(message, f'write "{pattern.text.rstrip("/")}/**"', pattern.location, code="TBX102")


def _close(walk: Walk, text: str) -> str | None:
    """Return a hint for a pattern that matches nothing, from the names on disk; None where no name is similar."""
    if "\\" in text and "/" not in text:
        slashed = text.replace("\\", "/")
        return f'a backslash escapes the next character; separate folders with "/": "{slashed}"'
    if not text.strip("./"):
        return 'write "**" for all files under the root'
    parts = text.split("/")
    folder = walk.root
    for at, part in enumerate(parts):
        if SPECIAL.intersection(part):
            return _misplaced_stars(text) if "**" in part else None
        if part in {"", "."}:
            continue
        names = _names(folder)
        if normalize(part) not in names:
            return _spelling(folder, names, parts, at)
        folder = os.path.join(folder, names[normalize(part)])
    return None


def _spelling(folder: str, names: Mapping[str, str], parts: list[str], at: int) -> str | None:
    close = close_match(normalize(parts[at]), names)
    if close is None:
        return None
    found = names[close]
    rest = parts[at + 1 :]
    if not rest and os.path.isdir(os.path.join(folder, found)):
        rest = ["**"]
    meant = "/".join([*parts[:at], escape(found), *rest])
    return f'did you mean "{meant}"?'


def _misplaced_stars(text: str) -> str | None:
    """Return a hint for a pattern like `src/**.py`: only a `**` between slashes matches folders."""
    fixed = re.sub(r"(?<=[^*/])\*\*(?=/|$)", "*/**", re.sub(r"(^|/)\*\*(?=[^*/])", r"\1**/*", text))
    return f'only a "**" between slashes matches folders: "{fixed}"' if fixed != text else None


def _names(folder: str) -> dict[str, str]:
    """Return the entries of `folder` by their normalized names, without those that are never part of a release."""
    try:
        found = [*map(released_name, os.listdir(folder))]
    except OSError:
        return {}
    return {normalize(name): name for name in sorted(found) if name not in GENERATED_FOLDERS and not is_never_shipped(name)}
