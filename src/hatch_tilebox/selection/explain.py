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


@dataclass(frozen=True)
class Explanation:
    """Which rule decided about one path.

    `path` is relative to the root, `reason` one sentence for users. `included_by` are the include patterns that match the file, the
    deciding one first. `rule` keeps the file out all the same; it applies to `decided_at`, the file itself or a folder above it.
    """

    path: str
    reason: str
    selected: bool = False
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
        return Explanation(".", "is the root of the workflow; a release contains files")
    if not os.path.lexists(os.path.join(walk.root, relative)):
        raise SelectionError(Problem(f"there is no {relative} in {walk.root}", code="TBX117"))
    folder = walk.start()
    *above, name = relative.split("/")
    for part in above:
        opened = _opened(walk, folder, _verdict(walk, folder, part), relative)
        if isinstance(opened, Explanation):
            return opened
        folder = opened
    verdict = _verdict(walk, folder, name)
    if verdict.kind != "folder":
        return _explained(walk, folder, verdict)
    opened = _opened(walk, folder, verdict, relative)
    if isinstance(opened, Explanation):
        return opened
    return Explanation(relative, "is a folder that include patterns reach into; ask for a file in it")


def explain_release(
    config: WorkflowConfig, path: Path | str, *, pattern: str | None = None, skip: Collection[Path] = ()
) -> Explanation:
    """Return which rule of `select_release` decides about `path`, if `pattern` is another one of `include`."""
    include = config.include if pattern is None else (*config.include, Pattern(pattern))
    return explain(config.root, include, config.exclude, path, use_gitignore=config.use_gitignore, skip=skip)


def _verdict(walk: Walk, folder: Folder, name: str) -> Verdict:
    for found in folder.entries:
        if found.name == name:
            return walk.judge(folder, found)
    # On a file system that ignores case, the path exists under another spelling.
    raise SelectionError(Problem(f"there is no {folder.prefix}{name} in {walk.root}", "check upper and lower case", code="TBX117"))


def _opened(walk: Walk, parent: Folder, verdict: Verdict, path: str) -> Folder | Explanation:
    """Return the open folder `verdict`, or why no release has anything in it. `path` is the folder, or below it."""
    if verdict.rule is None and verdict.kind == "broken":
        return Explanation(path, f"is under the link {verdict.path}: {verdict.broken}")
    if verdict.rule is None and not verdict.includes:
        return Explanation(path, f"no include pattern reaches into the folder {verdict.path}")
    opened = verdict.rule or walk.open(parent, verdict)
    return _kept_out(path, opened, verdict.path) if isinstance(opened, Rule) else opened


def _kept_out(path: str, rule: Rule, decided_at: str, included_by: tuple[Pattern, ...] = ()) -> Explanation:
    reason = f"kept out by {rule.text}"
    if decided_at != path:
        reason = f"its folder {decided_at} is {reason}"
    elif included_by:
        reason = f'matches the include pattern "{included_by[0].text}", but is {reason}'
    return Explanation(path, reason, included_by=included_by, rule=rule, decided_at=decided_at)


def _explained(walk: Walk, folder: Folder, verdict: Verdict) -> Explanation:
    """Return which rule decides about an entry of `folder` that is not a folder."""
    matches = walk.includes.naming if folder.is_generated else walk.includes.matches
    included_by = tuple(walk.includes.patterns[index] for index in matches(verdict.path))
    if not included_by and folder.is_generated:
        return Explanation(verdict.path, "no include pattern names it, and wildcards select nothing in this folder")
    if not included_by:
        return Explanation(verdict.path, "no include pattern matches it")
    if verdict.rule is not None:
        return _kept_out(verdict.path, verdict.rule, verdict.path, included_by)
    reasons = {
        "file": f'selected by the include pattern "{included_by[0].text}"',
        "broken": f"is a link that stops the build: {verdict.broken}",
        "special": "is not a regular file (a socket, pipe or device)",
    }
    return Explanation(verdict.path, reasons[verdict.kind], selected=verdict.kind == "file", included_by=included_by)
