"""From globs and ignore files to the files of a release."""

from __future__ import annotations

import errno
import os
import stat
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.workflow import FileSet, SelectedFile
from hatch_tilebox.selection.path_checks import check_paths
from hatch_tilebox.selection.unused_patterns import PatternUse
from hatch_tilebox.selection.walk import Folder, Rule, Verdict, Walk, unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.file_names import FoundEntry
    from hatch_tilebox.core.model import Pattern
    from hatch_tilebox.core.small_files import SmallFiles

_READABLE_BY_ALL = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


def select_release(config: WorkflowConfig, *, skip: Collection[Path] = (), contents: SmallFiles | None = None) -> FileSet:
    """Return the files of the release that `config` describes. `skip` are absolute output folders, which are never part of it.

    With `contents`, small files are read into it at the same time. Raises SelectionError.
    """
    git = config.use_gitignore
    return select_files(config.root, config.include, config.exclude, use_gitignore=git, skip=skip, contents=contents)


def select_files(
    root: Path,
    include: Sequence[Pattern],
    exclude: Sequence[Pattern] = (),
    *,
    use_gitignore: bool = True,
    skip: Collection[Path] = (),
    contents: SmallFiles | None = None,
) -> FileSet:
    """Return the regular files under `root` that a glob of `include` matches and no rule keeps out.

    Rules, in this order: the built-in ones (history, caches, environments), `skip` (files and folders that builds
    write to), `exclude`, and the ignore files of git in `root` and below. Folders that nothing can be selected from are not opened.
    The files are sorted by the UTF-8 bytes of their paths. `warnings` of the result do not stop a build, such as one
    about a glob that matches nothing. With `contents`, small files are read into it at the same time.

    Raises SelectionError, with all problems together, for globs that are malformed or leave the root, links that cannot be
    followed, what cannot be read, paths that a release cannot hold, and where nothing is selected at all.
    """
    walk = Walk(root, include, exclude, use_gitignore=use_gitignore, skip=skip)
    run = _Run(walk, contents)
    run.select()
    files = tuple(sorted(run.files, key=attrgetter("path")))
    path_errors, path_warnings = check_paths(files, run.folders)
    if errors := run.errors + path_errors:
        raise SelectionError(*sorted(errors, key=str))
    unused = run.use.unused_includes()
    if not files:
        raise SelectionError(*(unused or [Problem("nothing is selected: there is no include pattern", code="TBX101")]))
    warnings = (*unused, *run.use.without_effect(), *sorted(run.warnings, key=str), *path_warnings)
    return FileSet(Path(walk.root), files, warnings, tuple(sorted(walk.deciding_ignore_files)))


class _Run:
    """One walk over everything that can be selected, with what it finds."""

    def __init__(self, walk: Walk, contents: SmallFiles | None) -> None:
        self._walk = walk
        # On Windows the scan of a folder has the status of its files, and an open file does not say whether it is a program.
        self._contents = contents if os.name != "nt" else None
        self.files: list[SelectedFile] = []
        self.folders: list[str] = []
        self.errors: list[Problem] = []
        self.warnings: list[Problem] = []
        self.use = PatternUse(walk)

    def select(self) -> None:
        """Select everything under the root."""
        folders = [self._walk.start()]
        while folders:
            folder = folders.pop()
            before = len(self.files)
            folders += reversed(self._entries(folder))
            if len(self.files) > before:
                self.folders.append(folder.prefix.removesuffix("/"))

    def _entries(self, folder: Folder) -> list[Folder]:
        """Select from one folder, and return its subfolders to continue with."""
        opened: list[Folder] = []
        prefix, suspects = folder.prefix, folder.suspects
        for found in folder.entries:
            # Nearly all entries are files that no rule can keep out. A verdict about each would take a third of the time.
            if found.name not in suspects and found.is_file(follow_symlinks=False):
                if self._walk.matches(folder, path := prefix + found.name):
                    self._take(found, path)
                continue
            verdict = self._walk.judge(folder, found)
            if verdict.rule is not None:
                self.use.keeps_out(verdict.rule, folder, verdict)
            elif verdict.kind == "file":
                if verdict.matched:
                    self._take(found, verdict.path, is_link=verdict.is_link)
            elif verdict.kind == "folder":
                opened += self._open(folder, verdict)
            else:
                self._leave_out(folder, verdict)
        return opened

    def _open(self, parent: Folder, verdict: Verdict) -> tuple[Folder, ...]:
        """Return the open folder, nothing where it stays closed."""
        self.use.reaches(parent, verdict.path)
        if not verdict.includes:
            return ()
        try:
            opened = self._walk.open(parent, verdict)
        except SelectionError as error:
            self.errors += error.problems
            return ()
        if isinstance(opened, Rule):
            self.use.keeps_out(opened, parent, verdict)
            return ()
        self.use.opens(opened)
        return (opened,)

    def _take(self, found: FoundEntry, path: str, *, is_link: bool = False) -> None:
        try:
            if not path.isascii():
                path.encode()
            status = None if self._contents is None or is_link else self._contents.read(path, found.path)
            status = status or found.stat()
        except UnicodeEncodeError:
            hint = "rename the file, or leave it out with an exclude pattern"
            self.errors.append(Problem(f"the name of {printable(path)} is not UTF-8", hint, code="TBX107"))
            return
        except OSError as error:
            self.errors.append(unreadable(path, error))
            return
        mode = status.st_mode
        if mode & _READABLE_BY_ALL != _READABLE_BY_ALL and not os.access(found.path, os.R_OK):
            self.errors.append(unreadable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES))))
            return
        if self.use.unused:
            self.use.selects(path)
        self.files.append(SelectedFile(path, found.path, status.st_size, bool(mode & stat.S_IXUSR), is_link))

    def _leave_out(self, folder: Folder, verdict: Verdict) -> None:
        """Report a link that cannot be followed, as an error where a pattern asks for it, and a socket, pipe or device."""
        path = printable(verdict.path)
        if verdict.kind == "special" and verdict.matched:
            message = f"{path} is not a regular file (a socket, pipe or device) and is left out"
            self.warnings.append(Problem(message, code="TBX109"))
        elif verdict.kind == "special":
            return
        elif verdict.matched or self._walk.reached(folder, verdict):
            message = f"{path} is a link that cannot be part of a release: {verdict.broken}"
            hint = "replace the link by its content, or leave the link out with an exclude pattern"
            self.errors.append(Problem(message, hint, code="TBX108"))
        else:
            message = f"the link {path} is left out, with everything below it: {verdict.broken}"
            self.warnings.append(Problem(message, f'add "{path}" to exclude if that is intended', code="TBX108"))
