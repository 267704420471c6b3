"""The one engine behind `select_files` and `explain`: what happens to an entry of a folder, and by which rule."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.constants import ENVIRONMENT_MARK, NEVER_SHIPPED, NEVER_SHIPPED_SUFFIXES, REPOSITORY_EXCLUDE, SDIST_RECORD
from hatch_tilebox.core.errors import Location, Problem, SelectionError
from hatch_tilebox.core.file_names import relative_entries, released_name
from hatch_tilebox.core.printable import printable
from hatch_tilebox.selection.patterns.gitignore import IgnoreFile, repository_exclude_file, spelled
from hatch_tilebox.selection.patterns.globs import GlobSet, normalize
from hatch_tilebox.selection.sdist_record import read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hatch_tilebox.core.file_names import FoundEntry
    from hatch_tilebox.core.model import Pattern
    from hatch_tilebox.selection.patterns.gitignore import IgnoreRule
    from hatch_tilebox.selection.patterns.globs import GlobState

__all__ = ["Folder", "Rule", "Verdict", "Walk", "unreadable"]


class Rule(NamedTuple):
    """What keeps an entry out. `kind` is "built-in", "output", "exclude" or "ignore"; `text` names it, to stand after "by"."""

    kind: str
    text: str
    location: Location | None = None


class Verdict(NamedTuple):
    """What becomes of an entry of a folder.

    `path` is relative to the root, `source` where the entry is; `kind` is "file", "folder", "special" (a socket, pipe or device)
    or "broken" (a link that cannot be followed; `broken` says why). `matched` are the include patterns that match the entry as they
    match a file, `reached` those that its name brings nearer to a match below it. `rule` keeps the entry out although an include
    pattern takes or reaches it. A folder has what is left of the patterns in it; no place left means that it need not be opened.
    """

    path: str
    source: str
    kind: str
    matched: tuple[int, ...] = ()
    rule: Rule | None = None
    reached: tuple[int, ...] = ()
    includes: GlobState | None = None
    excludes: GlobState | None = None
    is_link: bool = False
    broken: str = ""


class Folder(NamedTuple):
    """An opened folder, with what holds for its entries.

    `prefix` is its path with a slash at the end, empty for the root; `ignores` are the ignore files that hold in it, the nearest
    one last, each with the length of the prefix of its own folder; `real` are the real paths of the folder and of those above.
    `suspects` are the names that a rule may keep out: to find those of a whole folder is much faster than to ask entry by entry.
    """

    prefix: str
    source: str
    includes: GlobState
    excludes: GlobState
    ignores: tuple[tuple[int, IgnoreFile], ...]
    real: tuple[str, ...]
    entries: list[FoundEntry]
    suspects: frozenset[str] = frozenset()


class Walk:
    """The rules of one selection.

    Raises SelectionError for globs that are malformed or leave the root, and for a root that is no folder.
    """

    def __init__(
        self,
        root: Path,
        include: Sequence[Pattern],
        exclude: Sequence[Pattern],
        *,
        use_gitignore: bool,
        skip: Collection[Path],
    ) -> None:
        self.root = os.path.abspath(root)
        self.use_gitignore = use_gitignore
        if not os.path.isdir(self.root):
            raise SelectionError(Problem(f"the root of the workflow is no folder: {root}"))
        self.includes, self.excludes = _both(include, exclude)
        self._real_root = os.path.realpath(self.root)
        self._skip = self._relative(skip)
        self._record = read_record(self.root)
        self._absent = self._skip | self._record.left_out
        self.deciding_ignore_files: set[str] = set()
        """Ignore files of which a line decided about an entry, relative to the root."""

    def start(self) -> Folder:
        """The root."""
        entries = self._scan(self.root, "")
        ignores: tuple[tuple[int, IgnoreFile], ...] = ()
        if self.use_gitignore:
            path = repository_exclude_file(self.root)
            exclude_file = path and self._read(path, REPOSITORY_EXCLUDE, follow=True)
            ignores = ((0, exclude_file),) if exclude_file else ()
        folder = Folder("", self.root, self.includes.start, self.excludes.start, ignores, (self._real_root,), entries)
        return self._prepared(folder)

    def judge(self, folder: Folder, found: FoundEntry) -> Verdict:
        """What becomes of the entry `found` of `folder`."""
        name = found.name if found.name.isascii() else normalize(found.name)
        matched = folder.includes.match(name)
        if found.is_file(follow_symlinks=False):
            kind = "file"
        elif found.is_dir(follow_symlinks=False):
            return self._judge_folder(folder, found, name, matched)
        elif found.is_symlink():
            return self._judge_link(folder, found, name, matched)
        else:
            kind = "special"
        path = folder.prefix + found.name
        rule = self._file_rule(folder, path, found.name, name) if matched and found.name in folder.suspects else None
        return Verdict(path, found.path, kind, matched, rule)

    def open(self, parent: Folder, verdict: Verdict) -> Folder | Rule:
        """The folder of `verdict`, or the rule that keeps all of it out once it is seen.

        Raises SelectionError where it cannot be read.
        """
        entries = self._scan(verdict.source, verdict.path)
        if ENVIRONMENT_MARK in [found.name for found in entries]:
            return Rule("built-in", f"the built-in rule: {verdict.path} is a virtual environment (it holds {ENVIRONMENT_MARK})")
        source = verdict.source
        real = os.path.realpath(source) if verdict.is_link else os.path.join(parent.real[-1], os.path.basename(source))
        includes, excludes = verdict.includes or parent.includes, verdict.excludes or parent.excludes
        folder = Folder(f"{verdict.path}/", source, includes, excludes, parent.ignores, (*parent.real, real), entries)
        return self._prepared(folder)

    def _judge_folder(self, folder: Folder, found: FoundEntry, name: str, matched: tuple[int, ...]) -> Verdict:
        path = folder.prefix + found.name
        includes = self.includes.enter(folder.includes, name)
        reached = self.includes.approached(folder.includes, includes)
        if not includes.places:
            return Verdict(path, found.path, "folder", matched, includes=includes)
        excludes = self.excludes.enter(folder.excludes, name)
        rule = self._never_shipped(path, found.name) or self._excluded(excludes.everything)
        rule = rule or self._ignored(folder, path, is_folder=True)
        return Verdict(path, found.path, "folder", matched, rule, reached, includes, excludes)

    def _judge_link(self, folder: Folder, found: FoundEntry, name: str, matched: tuple[int, ...]) -> Verdict:
        """A link to a file is that file, one to a folder that folder; for patterns of ignore files it is a file, as for git."""
        path = folder.prefix + found.name
        includes = self.includes.enter(folder.includes, name)
        if not matched and not includes.places:
            return Verdict(path, found.path, "file", is_link=True)
        excludes = self.excludes.enter(folder.excludes, name)
        rule = self._file_rule(folder, path, found.name, name) or self._excluded(excludes.everything)
        kind, broken = self._follow(folder, found.path)
        reached = self.includes.approached(folder.includes, includes) if kind != "file" else ()
        return Verdict(path, found.path, kind, matched, rule, reached, includes, excludes, is_link=True, broken=broken)

    def _file_rule(self, folder: Folder, path: str, name: str, normalized: str) -> Rule | None:
        rule = self._never_shipped(path, name)
        if rule is None and (excluded := folder.excludes.match(normalized)):
            rule = self._excluded(excluded)
        return rule or self._ignored(folder, path, is_folder=False)

    def _never_shipped(self, path: str, name: str) -> Rule | None:
        if name not in NEVER_SHIPPED and not name.endswith(NEVER_SHIPPED_SUFFIXES) and path not in self._absent:
            return None
        if name in NEVER_SHIPPED:
            return Rule("built-in", f"the built-in rule: {name} is never part of a release")
        if name.endswith(NEVER_SHIPPED_SUFFIXES):
            return Rule("built-in", f"the built-in rule: *{name[name.rindex('.') :]} is never part of a release")
        if path in self._record.left_out:
            text = f"the built-in rule: the release that this sdist was made with has no {path} (says {SDIST_RECORD})"
            return Rule("built-in", text)
        return Rule("output", f"the built-in rule: {path} is where builds write to")

    def _excluded(self, matched: tuple[int, ...]) -> Rule | None:
        if not matched:
            return None
        pattern = self.excludes.patterns[matched[0]]
        return Rule("exclude", f'the exclude pattern "{pattern.text}"', pattern.location)

    def _ignored(self, folder: Folder, path: str, *, is_folder: bool) -> Rule | None:
        if not folder.ignores:
            return None
        text = spelled(path)
        for start, file in reversed(folder.ignores):
            rule = file.match(text[start:], is_folder=is_folder)
            if rule is not None:
                self.deciding_ignore_files.add(rule.source)
                return None if rule.negated else _ignore_rule(rule)
        return None

    def _prepared(self, folder: Folder) -> Folder:
        """The folder with its own ignore file and its suspects."""
        prefix = spelled(folder.prefix)
        names = [found.name for found in folder.entries]
        if self.use_gitignore and ".gitignore" in names and f"{folder.prefix}.gitignore" not in self._record.unread:
            file = self._read(os.path.join(folder.source, ".gitignore"), f"{folder.prefix}.gitignore")
            if file is not None:
                folder = folder._replace(ignores=(*folder.ignores, (len(prefix), file)))
        if not "".join(names).isascii():
            return folder._replace(suspects=frozenset(names))
        suspects = {name for name in names if name in NEVER_SHIPPED or name.endswith(NEVER_SHIPPED_SUFFIXES)}
        if self._absent:
            suspects.update(name for name in names if folder.prefix + name in self._absent)
        suspects.update(folder.excludes.candidates(names))
        for start, file in folder.ignores:
            suspects.update(file.candidates(prefix[start:], names))
        return folder._replace(suspects=frozenset(suspects))

    def _read(self, path: str, source: str, *, follow: bool = False) -> IgnoreFile | None:
        try:
            return IgnoreFile.read(path, source, follow=follow)
        except OSError as error:
            raise SelectionError(unreadable(source, error)) from error

    def _scan(self, source: str, path: str) -> list[FoundEntry]:
        try:
            with os.scandir(source) as found:
                return relative_entries(found)
        except OSError as error:
            raise SelectionError(unreadable(f"{path}/" if path else self.root, error)) from error

    def _follow(self, folder: Folder, source: str) -> tuple[str, str]:
        """The kind of what a link leads to, and why it cannot be followed where it cannot."""
        try:
            target = os.path.realpath(source, strict=True)
            mode = os.stat(target).st_mode
        except FileNotFoundError:
            return "broken", f"its target {printable(os.readlink(source))} does not exist"
        except OSError as error:
            return "broken", f"it cannot be followed: {error.strerror}"
        if not target.startswith(os.path.join(self._real_root, "")) and target != self._real_root:
            return "broken", f"it leads outside the root of the workflow, to {printable(os.readlink(source))}"
        if stat.S_ISDIR(mode):
            return ("broken", "it leads to a folder that holds it") if target in folder.real else ("folder", "")
        return ("file" if stat.S_ISREG(mode) else "special"), ""

    def _relative(self, paths: Collection[Path]) -> frozenset[str]:
        relative = set()
        for path in paths:
            for start, resolved in ((self.root, os.path.abspath(path)), (self._real_root, os.path.realpath(path))):
                if resolved.startswith(os.path.join(start, "")):
                    relative.add(released_name(os.path.relpath(resolved, start).replace(os.sep, "/")))
        return frozenset(relative)


def _both(include: Sequence[Pattern], exclude: Sequence[Pattern]) -> tuple[GlobSet, GlobSet]:
    """Both lists parsed, with the problems of both reported together."""
    problems: list[Problem] = []
    sets = [_parsed(patterns, problems) for patterns in (include, exclude)]
    if problems:
        raise SelectionError(*problems)
    return sets[0], sets[1]


def _parsed(patterns: Sequence[Pattern], problems: list[Problem]) -> GlobSet:
    try:
        return GlobSet(patterns)
    except SelectionError as error:
        problems += error.problems
        return GlobSet(())


def _ignore_rule(rule: IgnoreRule) -> Rule:
    return Rule("ignore", f"`{rule.text}` in {rule.source}", Location(rule.source, rule.line))


def unreadable(path: str, error: OSError) -> Problem:
    """A problem for a file or folder that the system does not let us read."""
    hint = "give yourself the right to read it, or leave it out with an exclude pattern"
    return Problem(f"{printable(path)} cannot be read: {error.strerror}", hint)
