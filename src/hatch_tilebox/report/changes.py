"""The changes between two releases as HTML: verdict, tasks with their inputs side by side, dependencies and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.compatibility.releases import change_kind, describe_verdict
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.progress import format_size
from hatch_tilebox.report.field_changes import compare_fields
from hatch_tilebox.report.html import Html, badge, left_out, muted, row, scrolling, table, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hatch_tilebox.compatibility.archives import Difference
    from hatch_tilebox.compatibility.releases import FileChange, TaskChange
    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.inputs.describe import Field

COLOURS = {
    "unchanged": "quiet",
    "added": "good",
    "compatible": "good",
    "undecided": "warn",
    "breaking": "bad",
    "removed": "quiet",
    "changed": "warn",
    "same": "quiet",
    "uncertain": "warn",
}
NO_VARIABLES = "no variables required"
MOST_TASKS = 200
MOST_FILES = 500
MOST_LINES = 400
MOST_LINES_IN_ALL = 6000
_LINES = {"+": "add", "-": "remove", "@": "place"}


def change_badge(word: str) -> Html:
    """Return a kind of change, with its colour."""
    return badge(word, COLOURS[word])


def verdict_banner(difference: Difference) -> Html:
    """Return the verdict as a sentence."""
    comparison = difference.comparison
    colour = "bad" if comparison.verdict == "breaking" else "good"
    word, _, rest = describe_verdict(comparison).partition(": ")
    return tag(
        "p", tag("strong", word[:1].upper() + word[1:]), f": {rest}" if rest else None, class_=f"banner {colour}", id="verdict"
    )


def describe_facts(manifest: ReleaseManifest) -> dict[str, str]:
    """Return what a release says about itself beside its tasks and files, as text by title."""
    return {
        "Workflow": manifest.workflow.slug,
        "Worker": manifest.workflow.runner or " ".join(manifest.workflow.command or ()),
        "Python": manifest.project.requires_python or "any",
        "Environment": ", ".join(manifest.environment) or NO_VARIABLES,
    }


def changes(difference: Difference) -> Iterator[tuple[str, list[Html | None]]]:
    """Yield the title and the content of the sections on changes."""
    changed = [change for change in difference.comparison.tasks if change.kind != "unchanged"]
    same = len(difference.comparison.tasks) - len(changed)
    note = muted(f"{same} tasks are unchanged." if same != 1 else "One task is unchanged.") if same else None
    more = left_out(len(changed) - MOST_TASKS, "changed tasks")
    yield "Changed tasks", [_facts(difference), *map(_task, changed[:MOST_TASKS]), more, note]
    yield "Changed dependencies", [_packages(difference)]
    yield "Changed files", _files(difference)


def _facts(difference: Difference) -> Html | None:
    old, new = describe_facts(difference.old), describe_facts(difference.new)
    rows = [row(title, old[title], new[title]) for title in old if old[title] != new[title]]
    return table("compare", "Changed settings", ("Setting", "Before", "After"), rows) if rows else None


def _task(change: TaskChange) -> Html:
    versions = " → ".join(dict.fromkeys(task.version for task in (change.old, change.new) if task))
    reasons = [tag("li", reason) for reason in change.reasons]
    reasons += [tag("li", f"not compared: {reason}") for reason in change.not_compared]
    if change.needs:
        reasons.append(tag("li", f"the version should be {change.needs}", class_="needs"))
    rows = [
        row(tag("code", found.path), _cell(found.old), _cell(found.new), change_badge(found.kind), kind=found.kind)
        for found in compare_fields(change)
    ]
    return tag(
        "article",
        tag("h3", change.name, " ", tag("span", versions, class_="version"), " ", change_badge(change.kind)),
        tag("ul", *reasons, class_="reasons") if reasons else None,
        table("compare", "Input, field by field", ("Field", "Before", "After", "Change"), rows) if rows else None,
        class_=f"task {COLOURS[change.kind]}",
    )


def _cell(field: Field | None) -> Html:
    return tag("code", field.words) if field else tag("span", "-", class_="muted")


def _packages(difference: Difference) -> Html:
    if difference.packages is None:
        return muted("Not known: one of the releases has neither an SBOM nor a readable uv.lock.")
    if not difference.packages:
        return muted("No changes.")
    rows = (
        row(item.name, ", ".join(item.old) or "-", ", ".join(item.new) or "-", change_badge(change_kind(item.old, item.new)))
        for item in difference.packages
    )
    source = "the SBOMs" if difference.packages_from == "sbom" else "uv.lock"
    caption = f"Packages whose versions differ in {source}"
    return table("compare", caption, ("Package", "Before", "After", "Change"), rows)


def _files(difference: Difference) -> list[Html | None]:
    found = difference.comparison.files
    if not found:
        return [muted("No changes.")]
    budget = MOST_LINES_IN_ALL
    items: list[Html | None] = []
    for change in found[:MOST_FILES]:
        lines = [] if change.path == LOCK_NAME else difference.texts.get(change.path, "").splitlines()[2:]
        shown = lines[: min(MOST_LINES, budget)]
        budget -= len(shown)
        items.append(_file(change, shown, len(lines) - len(shown)))
    return [*items, left_out(len(found) - MOST_FILES, "files")]


def _file(change: FileChange, lines: Sequence[str], more: int) -> Html:
    step = " → ".join(dict.fromkeys(format_size(entry.size) for entry in (change.old, change.new) if entry))
    if change.old and change.new and change.old.mode != change.new.mode:
        step += f", mode {change.old.mode} → {change.new.mode}"
    kind = change_badge(change_kind(change.old, change.new))
    head = (kind, tag("span", change.path, class_="path"), tag("span", step, class_="muted"))
    if not lines:
        note = " The changed packages are listed above." if change.path == LOCK_NAME else None
        return tag("div", *head, note and tag("span", note, class_="muted"), class_="file")
    content = tag("pre", *(tag("span", line, class_=_LINES.get(line[:1])) for line in lines), class_="diff")
    shown = scrolling(f"Changes in {change.path}", content)
    return tag("details", tag("summary", *head), shown, left_out(more, "lines"), class_="file")
