"""Why a file is part of a release, or is not."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.core.model import Pattern
from hatch_tilebox.selection.walk import Folder, Rule, Verdict, Walk

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from hatch_tilebox.core.config import WorkflowConfig
    from hatch_tilebox.core.errors import Location

_NO_MATCH = "no include pattern matches it"


@dataclass(frozen=True)
class Explanation:
    """Which rule decided about one path.

    `path` is relative to the root. `included_by` are the include patterns that match the file, the deciding one first. `rule` keeps
    the file out all the same; it applies to `decided_at`, the file itself or a folder above it. `reason` is one sentence for users.
    """

    path: str
    selected: bool
    reason: str
    included_by: tuple[Pattern, ...] = ()
    rule: Rule | None = None
    decided_at: str = ""

    @property
    def location(self) -> Location | None:
        """The place of the pattern or line that decided, None for built-in rules and where nothing matched."""
        if self.rule is not None:
            return self.rule.location
        return self.included_by[0].location if self.included_by else None

    def __str__(self) -> str:
        where = f" ({self.location})" if self.location else ""
        return f"{self.path}: {self.reason}{where}"


def explain(
    root: Path,
    include: Sequence[Pattern],
    exclude: Sequence[Pattern],
    path: Path | str,
    *,
    use_gitignore: bool = True,
    skip: Collection[Path] = (),
) -> Explanation:
    """Return which rule of `select_files`, called with the same arguments, decides about `path`: absolute, or relative to `root`.

    Raises SelectionError where `path` is outside the root or does not exist, and for what stops `select_files` on the way to it.
    """
    walk = Walk(root, include, exclude, use_gitignore=use_gitignore, skip=skip)
    relative = os.path.relpath(os.path.join(walk.root, path), walk.root).replace(os.sep, "/")
    if relative == ".." or relative.startswith("../"):
        raise SelectionError(Problem(f"{path} is outside the root of the workflow, {walk.root}", code="TBX117"))
    if relative == ".":
        return Explanation(".", selected=False, reason="is the root of the workflow; a release contains files")
    if not os.path.lexists(os.path.join(walk.root, relative)):
        raise SelectionError(Problem(f"there is no {relative} in {walk.root}", code="TBX117"))
    folder = walk.start()
    parts = relative.split("/")
    for part in parts[:-1]:
        verdict = _verdict(walk, folder, part)
        outcome = _stopped(verdict, relative) or walk.open(folder, verdict)
        if isinstance(outcome, Rule):
            outcome = _kept_out(relative, outcome, verdict.path)
        if isinstance(outcome, Explanation):
            return outcome
        folder = outcome
    return _explained(walk, folder, _verdict(walk, folder, parts[-1]))


def would_select(config: WorkflowConfig, pattern: str, path: str) -> bool:
    """Whether another pattern in `include` is enough to select the file `path`, and no other rule keeps it out."""
    include = [*config.include, Pattern(pattern)]
    return explain(config.root, include, config.exclude, path, use_gitignore=config.use_gitignore).selected


def _verdict(walk: Walk, folder: Folder, name: str) -> Verdict:
    for found in folder.entries:
        if found.name == name:
            return walk.judge(folder, found)
    # On a file system that ignores case, the path exists under another spelling.
    raise SelectionError(Problem(f"there is no {folder.prefix}{name} in {walk.root}", "check upper and lower case", code="TBX117"))


def _stopped(verdict: Verdict, path: str) -> Explanation | None:
    """Return why the folder `verdict`, `path` or a folder above it, is not opened; None if it is."""
    if verdict.rule is not None:
        return _kept_out(path, verdict.rule, verdict.path)
    if verdict.kind == "broken":
        return Explanation(
            path, selected=False, reason=f"is under the link {verdict.path}: {verdict.broken}", decided_at=verdict.path
        )
    if not verdict.includes:
        reason = f"no include pattern reaches into the folder {verdict.path}"
        return Explanation(path, selected=False, reason=reason, decided_at=verdict.path)
    return None


def _kept_out(path: str, rule: Rule, decided_at: str, included_by: tuple[Pattern, ...] = ()) -> Explanation:
    reason = f"kept out by {rule.text}"
    if decided_at != path:
        reason = f"its folder {decided_at} is {reason}"
    elif included_by:
        reason = f'matches the include pattern "{included_by[0].text}", but is {reason}'
    return Explanation(path, selected=False, reason=reason, included_by=included_by, rule=rule, decided_at=decided_at)


def _explained(walk: Walk, folder: Folder, verdict: Verdict) -> Explanation:
    matches = walk.includes.naming if folder.is_generated else walk.includes.matches
    included_by = tuple(walk.includes.patterns[index] for index in matches(verdict.path))
    path = verdict.path
    if verdict.kind == "folder":
        return _explained_folder(walk, folder, verdict)
    if not included_by:
        reason = "no include pattern names it, and wildcards select nothing in this folder" if folder.is_generated else _NO_MATCH
        return Explanation(path, selected=False, reason=reason)
    if verdict.rule is not None:
        return _kept_out(path, verdict.rule, path, included_by)
    if verdict.kind == "broken":
        return Explanation(
            path, selected=False, reason=f"is a link that stops the build: {verdict.broken}", included_by=included_by
        )
    if verdict.kind == "special":
        reason = "is not a regular file (a socket, pipe or device)"
        return Explanation(path, selected=False, reason=reason, included_by=included_by)
    reason = f'selected by the include pattern "{included_by[0].text}"'
    return Explanation(path, selected=True, reason=reason, included_by=included_by, decided_at=path)


def _explained_folder(walk: Walk, folder: Folder, verdict: Verdict) -> Explanation:
    stopped = _stopped(verdict, verdict.path)
    if stopped is not None:
        return stopped
    opened = walk.open(folder, verdict)
    if isinstance(opened, Rule):
        return _kept_out(verdict.path, opened, verdict.path)
    return Explanation(verdict.path, selected=False, reason="is a folder that include patterns reach into; ask for a file in it")
