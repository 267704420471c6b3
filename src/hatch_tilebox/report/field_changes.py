"""The fields of an input in two releases, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hatch_tilebox.compatibility.releases import change_kind
from hatch_tilebox.inputs.describe import fields_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.compatibility.releases import TaskChange
    from hatch_tilebox.inputs.describe import Field

FieldKind = Literal["same", "added", "removed", "changed", "breaking", "uncertain"]


@dataclass(frozen=True)
class FieldChange:
    """A field in two releases; None if a release does not have it."""

    path: str
    kind: FieldKind
    old: Field | None
    new: Field | None


def compare_fields(change: TaskChange) -> list[FieldChange]:
    """Return the fields of both versions of a task. The fields in one that did not change are left out."""
    if change.old is None or change.new is None:
        return []
    old, new = ({field.path: field for field in fields_of(task.input_schema)} for task in (change.old, change.new))
    certain = change.kind == "breaking"
    rows = []
    for path in dict.fromkeys([*new, *old]):
        before, after = old.get(path), new.get(path)
        kind: FieldKind = "same"
        if _named(path, change.reasons):
            kind = "breaking" if certain else "uncertain"
        elif before != after:
            kind = change_kind(before, after)
        rows.append(FieldChange(path, kind, before, after))
    changed = [row.path for row in rows if row.kind != "same"]
    whole = [row.path for row in rows if row.kind == "same" and not any(_inside(path, row.path) for path in changed)]
    return [row for row in rows if row.kind != "same" or not any(_inside(row.path, path) for path in whole)]


def _inside(path: str, outer: str) -> bool:
    return path.startswith((f"{outer}.", f"{outer}[]."))


def _named(path: str, reasons: Sequence[str]) -> bool:
    """Return whether one of the reasons is about this field: `path: …`, or `path[]: …` for its items."""
    return any(reason.startswith((f"{path}: ", f"{path}[]: ", f"{path}.*: ")) for reason in reasons)
