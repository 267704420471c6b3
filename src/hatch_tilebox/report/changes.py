"""The changes between two releases as HTML: verdict, tasks with their inputs side by side, dependencies and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatch_tilebox.compatibility.verdict import change_kind, describe_verdict
from hatch_tilebox.core.constants import LOCK_NAME
from hatch_tilebox.core.progress import format_size
from hatch_tilebox.report.html import Html, tag
from hatch_tilebox.report.schema_rows import compare_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_tilebox.compatibility.archives import Difference
    from hatch_tilebox.compatibility.releases import FileChange, TaskChange
    from hatch_tilebox.core.model import ReleaseManifest
    from hatch_tilebox.inputs.describe import Field
    from hatch_tilebox.report.schema_rows import Row

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


def badge(word: str) -> Html:
    """Return a kind of change, with its colour."""
    return tag("span", word, class_=f"badge {COLOURS[word]}")


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


def changes(difference: Difference) -> list[Html]:
    """Return the sections on changes."""
    comparison = difference.comparison
    changed = [change for change in comparison.tasks if change.kind != "unchanged"]
    same = len(comparison.tasks) - len(changed)
    note = f"{same} tasks are unchanged." if same != 1 else "One task is unchanged."
    left_out = len(changed) - MOST_TASKS
    more = [tag("p", f"{left_out} more changed tasks are left out.", class_="muted")] if left_out > 0 else []
    tasks = [*map(_task, changed[:MOST_TASKS]), *more, *([tag("p", note, class_="muted")] if same else [])]
    return [
        tag("section", tag("h2", "Changed tasks"), *_facts(difference), *tasks, id="changed-tasks"),
        tag("section", tag("h2", "Changed dependencies"), _packages(difference), id="changed-dependencies"),
        tag("section", tag("h2", "Changed files"), *_files(difference), id="changed-files"),
    ]


def _facts(difference: Difference) -> list[Html]:
    old, new = describe_facts(difference.old), describe_facts(difference.new)
    rows = [_tr(title, old[title], new[title]) for title in old if old[title] != new[title]]
    return [_table("Changed settings", ("Setting", "Before", "After"), rows)] if rows else []


def _task(change: TaskChange) -> Html:
    versions = [task.version for task in (change.old, change.new) if task]
    step = " → ".join(dict.fromkeys(versions))
    reasons = [tag("li", reason) for reason in change.reasons]
    reasons += [tag("li", f"not compared: {reason}") for reason in change.not_compared]
    if change.needs:
        reasons.append(tag("li", f"the version should be {change.needs}", class_="needs"))
    head = tag("h3", change.name, " ", tag("span", step, class_="version"), " ", badge(change.kind))
    rows = [_row(row) for row in compare_fields(change)]
    table = _table("Input, field by field", ("Field", "Before", "After", "Change"), rows) if rows else None
    return tag(
        "article", head, tag("ul", *reasons, class_="reasons") if reasons else None, table, class_=f"task {COLOURS[change.kind]}"
    )


def _row(row: Row) -> Html:
    return _tr(tag("code", row.path), _cell(row.old), _cell(row.new), badge(row.kind), kind=row.kind)


def _cell(field: Field | None) -> Html:
    return tag("span", "-", class_="muted") if field is None else tag("code", field.words)


def _packages(difference: Difference) -> Html:
    if difference.packages is None:
        return tag("p", "Not known: one of the releases has neither an SBOM nor a readable uv.lock.", class_="muted")
    if not difference.packages:
        return tag("p", "No changes.", class_="muted")
    rows = [
        _tr(item.name, ", ".join(item.old) or "-", ", ".join(item.new) or "-", badge(change_kind(item.old, item.new)))
        for item in difference.packages
    ]
    source = "the SBOMs" if difference.packages_from == "sbom" else "uv.lock"
    return _table(f"Packages whose versions differ in {source}", ("Package", "Before", "After", "Change"), rows)


def _files(difference: Difference) -> list[Html]:
    found = difference.comparison.files
    if not found:
        return [tag("p", "No changes.", class_="muted")]
    budget = MOST_LINES_IN_ALL
    items = []
    for change in found[:MOST_FILES]:
        lines = [] if change.path == LOCK_NAME else difference.texts.get(change.path, "").splitlines()[2:]
        shown = lines[: min(MOST_LINES, budget)]
        budget -= len(shown)
        items.append(_file(change, shown, len(lines) - len(shown)))
    if len(found) > MOST_FILES:
        items.append(tag("p", f"{len(found) - MOST_FILES} more files are left out.", class_="muted"))
    return items


def _file(change: FileChange, lines: Sequence[str], left_out: int) -> Html:
    sizes = [format_size(entry.size) for entry in (change.old, change.new) if entry]
    step = " → ".join(dict.fromkeys(sizes))
    if change.old and change.new and change.old.mode != change.new.mode:
        step += f", mode {change.old.mode} → {change.new.mode}"
    head = (badge(change_kind(change.old, change.new)), tag("span", change.path, class_="path"), tag("span", step, class_="muted"))
    if not lines:
        note = " The changed packages are listed above." if change.path == LOCK_NAME else ""
        return tag("div", *head, tag("span", note, class_="muted") if note else None, class_="file")
    rows = [tag("span", line, class_=_LINES.get(line[:1])) for line in lines]
    more = tag("p", f"{left_out} more lines are left out.", class_="muted") if left_out else None
    content = tag(
        "div", tag("pre", *rows, class_="diff"), class_="scroll", tabindex=0, role="region", aria_label=f"Changes in {change.path}"
    )
    return tag("details", tag("summary", *head), content, more, class_="file")


def _tr(title: str, *values: str, kind: str | None = None) -> Html:
    """Return a row. Narrow screens show it in two lines, so that it has its roles as attributes."""
    cells = (tag("td", value, role="cell") for value in values)
    return tag("tr", tag("th", title, scope="row", role="rowheader"), *cells, class_=kind, role="row")


def _table(caption: str, titles: Sequence[str], rows: Iterable[Html]) -> Html:
    head = tag("tr", *(tag("th", title, scope="col", role="columnheader") for title in titles), role="row")
    parts = (tag("thead", head, role="rowgroup"), tag("tbody", *rows, role="rowgroup"))
    return tag("table", tag("caption", caption), *parts, class_="compare", role="table")
