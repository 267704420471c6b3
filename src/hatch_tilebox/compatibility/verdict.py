"""The verdict about two releases in one sentence, for all outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.compatibility.releases import Comparison
    from hatch_tilebox.core.model import FileEntry

ChangeKind = Literal["added", "removed", "changed"]


def change_kind(old: FileEntry | Sequence[str] | None, new: FileEntry | Sequence[str] | None) -> ChangeKind:
    """Return the kind of a change from `old` to `new`, of which one may be None or empty."""
    return "added" if not old else "removed" if not new else "changed"


def describe_verdict(comparison: Comparison) -> str:
    """Return the verdict and what it means, with the names of the tasks that break jobs."""
    if comparison.verdict == "identical":
        return "identical: both have the same fingerprint"
    if comparison.verdict == "compatible":
        return "compatible: jobs submitted to the old release run on the new one"
    broken = [change for change in comparison.tasks if change.kind in {"breaking", "undecided"}]
    names = ", ".join(dict.fromkeys(change.name for change in broken))
    if comparison.violations:
        return f"breaking without a new major version: {names}"
    return f"breaking: jobs submitted to the old release may not run on the new one: {names}"
