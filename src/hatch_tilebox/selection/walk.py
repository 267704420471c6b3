"""The walk that `select_files` and `explain` share: what happens to each entry of a folder, and which rule decides."""

from __future__ import annotations

import os
import stat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from hatch_tilebox.core.constants import REPOSITORY_EXCLUDE, SDIST_RECORD
from hatch_tilebox.core.errors import Location, Problem, SelectionError
from hatch_tilebox.core.file_names import relative_entries, released_name
from hatch_tilebox.core.printable import printable
from hatch_tilebox.selection.built_in_rules import NEVER_SHIPPED, generated_folder, is_never_shipped, never_shipped
from hatch_tilebox.selection.patterns.gitignore import IgnoreFile, matched_text, repository_exclude_file
from hatch_tilebox.selection.patterns.globs import GlobSet
from hatch_tilebox.selection.sdist_record import read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hatch_tilebox.core.file_names import FoundEntry
    from hatch_tilebox.core.model import Pattern
    from hatch_tilebox.selection.patterns.globs import GlobState


class Rule(NamedTuple):
    """What keeps an entry out: `text` completes "kept out by".

    `kind` is "built-in", "generated", "output", "exclude" or "ignore".
    """

    kind: str
    text: str
    location: Location | None = None


class Verdict(NamedTuple):
    """What happens to an entry of a folder.

    `path` is relative to the root, `source` where the entry is. `kind` is "file", "folder", "special" (a socket, pipe or device)
    or "broken" (a link that cannot be followed; `broken` gives the reason). `matched` is whether an include pattern matches an
    entry that is not a folder, `rule` what keeps the entry out all the same. `includes` and `excludes` are the states of the
    patterns in a folder; without a state in `includes` the folder is not opened.
    """

    path: str
    source: str
    kind: str
    matched: bool = False
    rule: Rule | None = None
    includes: GlobState = frozenset()
    excludes: GlobState = frozenset()
    is_link: bool = False
    broken: str = ""


class Folder(NamedTuple):
    """An open folder, with what applies to its entries.

    `prefix` is its path with a slash at the end, empty for the root. `ignores` are the ignore files that apply to it, the nearest
    one last, each with the length of the prefix of its own folder. `real` are the real paths of the folder and of those above.
    With `is_generated` only patterns without wildcards select files. With `all_match` an include pattern matches everything below.
    `suspects` are the names that a rule may keep out.
    """

    prefix: str
    source: str
    includes: GlobState
    excludes: GlobState
    ignores: tuple[tuple[int, IgnoreFile], ...]
    real: tuple[str, ...]
    entries: list[FoundEntry]
    is_generated: bool = False
    all_match: bool = False
    suspects: Collection[str] = ()


class Walk:
    """The rules of one selection.

    Raises SelectionError for globs that are malformed or leave the root, and for a root that is not a folder.
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
            raise SelectionError(Problem(f"the root of the workflow is not a folder: {root}", code="TBX015"))
        self.includes, self.excludes = _glob_sets(include, exclude)
        self._real_root = os.path.realpath(self.root)
        self._skip = self._relative(skip)
        self._record = read_record(self.root)
        self._absent = self._skip | self._record.left_out
        self.deciding_ignore_files: set[str] = set()
        """Ignore files of which a line decided about an entry, relative to the root."""

    def start(self) -> Folder:
        """Open the root."""
        ignores: tuple[tuple[int, IgnoreFile], ...] = ()
        if self.use_gitignore and (path := repository_exclude_file(self.root)):
            exclude_file = self._read(path, REPOSITORY_EXCLUDE, follow=True)
            ignores = ((0, exclude_file),) if exclude_file else ()
        entries = self._scan(self.root, "")
        return self._ruled(Folder("", self.root, self.includes.start, self.excludes.start, ignores, (self._real_root,), entries))

    def judge(self, folder: Folder, found: FoundEntry) -> Verdict:
        """Return what happens to the entry `found` of `folder`."""
        path = folder.prefix + found.name
        is_file = found.is_file(follow_symlinks=False)
        if not is_file and found.is_dir(follow_symlinks=False):
            return self._judge_folder(folder, found, path)
        matched = self.matches(folder, path)
        if not is_file and found.is_symlink():
            return self._judge_link(folder, found, path, matched=matched)
        kind = "file" if is_file else "special"
        rule = self._file_rule(folder, path, found.name) if matched and found.name in folder.suspects else None
        return Verdict(path, found.path, kind, matched, rule)

    def matches(self, folder: Folder, path: str) -> bool:
        """Whether an include pattern matches the file `path` of `folder`."""
        if folder.is_generated:
            return bool(self.includes.naming(path))
        return folder.all_match or self.includes.match(path)

    def open(self, parent: Folder, verdict: Verdict) -> Folder | Rule:
        """Open the folder of `verdict`, or return the rule that keeps it out because of what it holds.

        Raises SelectionError where it cannot be read.
        """
        entries = self._scan(verdict.source, verdict.path)
        reason = generated_folder(verdict.path, entries)
        if rule := self._generated(reason, verdict.includes):
            return rule
        includes = self.includes.exact(verdict.includes) if reason else verdict.includes
        source = verdict.source
        own = os.path.realpath(source) if verdict.is_link else os.path.join(parent.real[-1], os.path.basename(source))
        real, is_generated = (*parent.real, own), parent.is_generated or reason is not None
        prefix = f"{verdict.path}/"
        return self._ruled(Folder(prefix, source, includes, verdict.excludes, parent.ignores, real, entries, is_generated))

    def reached(self, parent: Folder, verdict: Verdict) -> set[int]:
        """Return the include patterns that match the entry, or that the name of the folder brought nearer to a match."""
        return {*self.includes.matches(verdict.path), *self.includes.reaching(verdict.includes - parent.includes)}

    def _judge_folder(self, folder: Folder, found: FoundEntry, path: str) -> Verdict:
        includes = self.includes.enter(folder.includes, found.name)
        if not includes:
            return Verdict(path, found.path, "folder")
        excludes = self.excludes.enter(folder.excludes, found.name)
        rule = self._never_shipped(path, found.name) or self._generated(generated_folder(path), includes)
        rule = rule or self._excluded(self.excludes.covering(excludes)) or self._ignored(folder, path, is_folder=True)
        return Verdict(path, found.path, "folder", rule=rule, includes=includes, excludes=excludes)

    def _judge_link(self, folder: Folder, found: FoundEntry, path: str, *, matched: bool) -> Verdict:
        """A link to a file is that file, one to a folder that folder; for patterns of ignore files it is a file, as in git."""
        includes = self.includes.enter(folder.includes, found.name)
        if not matched and not includes:
            return Verdict(path, found.path, "file", matched, is_link=True)
        excludes = self.excludes.enter(folder.excludes, found.name)
        rule = self._file_rule(folder, path, found.name) or self._excluded(self.excludes.covering(excludes))
        kind, broken = self._follow(folder, found.path)
        return Verdict(path, found.path, kind, matched, rule, includes, excludes, is_link=True, broken=broken)

    def _file_rule(self, folder: Folder, path: str, name: str) -> Rule | None:
        rule = self._never_shipped(path, name) or self._excluded(self.excludes.matches(path))
        return rule or self._ignored(folder, path, is_folder=False)

    def _never_shipped(self, path: str, name: str) -> Rule | None:
        if name in NEVER_SHIPPED:
            return Rule("built-in", f"the built-in rule: {name} is never part of a release")
        if is_never_shipped(name):
            return Rule("built-in", f"the built-in rule: *{name[name.rindex('.') :]} is never part of a release")
        if path in self._record.left_out:
            return Rule("built-in", f"{SDIST_RECORD}: the release of the project of this sdist does not contain {path}")
        return Rule("output", f"the built-in rule: {path} is where builds write to") if path in self._skip else None

    def _generated(self, reason: str | None, includes: GlobState) -> Rule | None:
        return Rule("generated", f"the built-in rule: {reason}") if reason and not self.includes.exact(includes) else None

    def _excluded(self, matched: Collection[int]) -> Rule | None:
        if not matched:
            return None
        pattern = self.excludes.patterns[min(matched)]
        return Rule("exclude", f'the exclude pattern "{pattern.text}"', pattern.location)

    def _ignored(self, folder: Folder, path: str, *, is_folder: bool) -> Rule | None:
        text = matched_text(path)
        for start, file in reversed(folder.ignores):
            line = file.match(text[start:], is_folder=is_folder)
            if line is not None:
                self.deciding_ignore_files.add(line.source)
                return None if line.negated else Rule("ignore", f"`{line.text}` in {line.source}", Location(line.source, line.line))
        return None

    def _ruled(self, folder: Folder) -> Folder:
        """Return an open folder with its own ignore file among those that apply, and with what holds for all of its entries."""
        prefix, ignores = folder.prefix, folder.ignores
        names = [found.name for found in folder.entries]
        if self.use_gitignore and ".gitignore" in names and f"{prefix}.gitignore" not in self._record.unread:
            file = self._read(os.path.join(folder.source, ".gitignore"), f"{prefix}.gitignore")
            ignores = (*ignores, (len(matched_text(prefix)), file)) if file else ignores
        all_match = bool(self.includes.covering(folder.includes))
        suspects = {*names} if self.excludes.covering(folder.excludes) else self._suspects(prefix, names, ignores)
        return folder._replace(ignores=ignores, all_match=all_match, suspects=suspects)

    def _suspects(self, prefix: str, names: list[str], ignores: tuple[tuple[int, IgnoreFile], ...]) -> Collection[str]:
        """Return the names that a rule may keep out. Finding them for a whole folder is much faster than asking for each entry."""
        if not "".join(names).isascii():
            return {*names}
        suspects = never_shipped(names)
        if self._absent:
            suspects.update(name for name in names if prefix + name in self._absent)
        suspects.update(self.excludes.candidates(names))
        for _, file in ignores:
            suspects.update(file.candidates(names))
        return suspects

    def _read(self, path: str, source: str, *, follow: bool = False) -> IgnoreFile | None:
        try:
            return IgnoreFile.read(path, source, follow=follow)
        except OSError as error:
            raise SelectionError(unreadable(source, error)) from error

    def _scan(self, source: str, path: str) -> list[FoundEntry]:
        """Return the entries of a folder by name: what is created in this order is later read from memory in the same order.

        With tens of thousands of files that saves every step that reads them a third of its time.
        """
        try:
            with os.scandir(source) as found:
                return sorted(relative_entries(found), key=attrgetter("name"))
        except OSError as error:
            raise SelectionError(unreadable(f"{path}/" if path else self.root, error)) from error

    def _follow(self, folder: Folder, source: str) -> tuple[str, str]:
        """Return the kind of what a link leads to, and the reason where it cannot be followed."""
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


def unreadable(path: str, error: OSError) -> Problem:
    """Return a problem for a file or folder that the system does not allow to read."""
    hint = "allow your user to read it, or leave it out with an exclude pattern"
    return Problem(f"{printable(path)} cannot be read: {error.strerror}", hint, code="TBX106")


def _glob_sets(*lists: Sequence[Pattern]) -> list[GlobSet]:
    """Parse all lists of patterns, and report the problems of all of them together."""
    parsed: list[GlobSet] = []
    problems: list[Problem] = []
    for patterns in lists:
        try:
            parsed.append(GlobSet(patterns))
        except SelectionError as error:  # noqa: PERF203 -- two lists
            problems += error.problems
    if problems:
        raise SelectionError(*problems)
    return parsed
