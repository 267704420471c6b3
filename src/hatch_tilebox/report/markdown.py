"""A report as Markdown, for pull requests, and its graph of tasks as a Mermaid flowchart.

Everything from a release is in code spans or encoded, so it cannot become markup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hatch_tilebox.compatibility.releases import change_kind, describe_verdict
from hatch_tilebox.core.printable import printable
from hatch_tilebox.core.progress import format_seconds, format_size, quantity
from hatch_tilebox.core.urls import hide_logins
from hatch_tilebox.inputs.describe import describe_input
from hatch_tilebox.report.changes import describe_facts
from hatch_tilebox.report.field_changes import compare_fields
from hatch_tilebox.report.graph import TRIGGERS, short_name
from hatch_tilebox.report.html import clip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hatch_tilebox.compatibility.archives import Difference
    from hatch_tilebox.compatibility.releases import TaskChange
    from hatch_tilebox.report.collect import Release, Report
    from hatch_tilebox.report.graph import Edge, Graph, Node
    from hatch_tilebox.report.job_file import JobFile
    from hatch_tilebox.report.sizes import Piece

MOST_ROWS = 50
_LONGEST = 160
_LONGEST_LABEL = 60


def markdown(report: Report) -> str:
    """Return the report as GitHub-flavoured Markdown. GitLab renders it too."""
    lines = [f"## {code(report.title)}", ""]
    if report.difference and report.release and report.old:
        lines += _difference(report.difference, report.old, report.release)
    elif report.release:
        lines += _release(report.release)
    if report.job:
        lines += _job(report.job)
    if report.graph.edges:
        lines += _folded("Task graph", ["```mermaid", mermaid_graph(report.graph).rstrip(), "```", ""])
    return "\n".join(lines)


def code(value: str) -> str:
    """Return a text as a code span that also fits into a cell of a table."""
    shown = printable(hide_logins(value))
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    if not shown.strip():
        return "-"
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    # In a table a pipe ends the cell, also in a code span, unless it has a backslash, which is removed there.
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    found = [*rows]
    if not found:
        return []
    lines = [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
    lines += [f"| {' | '.join(row)} |" for row in found[:MOST_ROWS]]
    more = len(found) - MOST_ROWS
    return [*lines, "", *([f"{more} more are left out.", ""] if more > 0 else [])]


def _folded(summary: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *lines, "</details>", ""]


def _difference(difference: Difference, old: Release, new: Release) -> list[str]:
    comparison = difference.comparison
    word, _, rest = describe_verdict(comparison).partition(": ")
    meaning, colon, names = rest.rpartition(": ")
    if comparison.verdict == "breaking":
        rest = (f"{meaning}: " if colon else "") + ", ".join(dict.fromkeys(code(name) for name in names.split(", ")))
    lines = [f"**{word[:1].upper()}{word[1:]}**{': ' if rest else ''}{rest}", ""]
    changed = [change for change in comparison.tasks if change.kind != "unchanged"]
    lines += ["### Tasks", "", *_table(("Task", "Version", "Change", "Reasons"), map(_change, changed))]
    if same := len(comparison.tasks) - len(changed):
        lines += [f"{same} unchanged.", ""]
    lines += _inputs(changed)
    before, after = describe_facts(difference.old), describe_facts(difference.new)
    facts = [(title, code(before[title]), code(after[title])) for title in before if before[title] != after[title]]
    lines += _table(("Setting", "Before", "After"), facts)
    sizes = (
        ("Archive", format_size(old.size), format_size(new.size)),
        ("Unpacked", _total(old.files), _total(new.files)),
        ("Packages to download", _total(old.packages), _total(new.packages)),
    )
    lines += ["### Size", "", *_table(("", "Before", "After"), sizes)]
    if difference.packages is None:
        lines += ["### Dependencies", "", "Not known: one of the releases has neither an SBOM nor a readable `uv.lock`.", ""]
    elif difference.packages:
        rows = ((code(item.name), code(", ".join(item.old)), code(", ".join(item.new))) for item in difference.packages)
        lines += ["### Dependencies", "", *_table(("Package", "Before", "After"), rows)]
    if comparison.files:
        files = ((code(item.path), change_kind(item.old, item.new)) for item in comparison.files)
        lines += _folded(quantity(len(comparison.files), "changed file"), _table(("File", "Change"), files))
    return lines


def _change(change: TaskChange) -> tuple[str, str, str, str]:
    versions = " → ".join(dict.fromkeys(code(task.version) for task in (change.old, change.new) if task))
    reasons = [*map(code, change.reasons), *(f"not compared: {code(text)}" for text in change.not_compared)]
    if change.needs:
        reasons.append(f"the version should be {code(change.needs)}")
    return code(change.name), versions, _strong(change.kind), "<br>".join(reasons)


def _strong(kind: str) -> str:
    return f"**{kind}**" if kind in {"breaking", "undecided", "uncertain"} else kind


def _inputs(changed: Sequence[TaskChange]) -> list[str]:
    """Return the fields that differ, side by side."""
    rows = [
        (
            code(short_name(change.name)),
            code(row.path),
            *(code(field.words) if field else "-" for field in (row.old, row.new)),
            _strong(row.kind),
        )
        for change in changed
        for row in compare_fields(change)
        if row.kind != "same"
    ]
    return ["### Inputs", "", *_table(("Task", "Field", "Before", "After", "Change"), rows)] if rows else []


def _total(pieces: Sequence[Piece] | None) -> str:
    return "not known" if pieces is None else format_size(sum(piece.size for piece in pieces))


def _release(release: Release) -> list[str]:
    facts = [(title, code(value)) for title, value in describe_facts(release.manifest).items()]
    facts.append(("Size", f"{format_size(release.size)}, unpacked {_total(release.files)}"))
    facts.append(("Packages to download", _total(release.packages)))
    facts += [("Fingerprint", code(release.manifest.fingerprint)), ("Digest", code(f"sha256:{release.digest}"))]
    tasks = (
        (code(task.name), code(task.version), TRIGGERS.get(task.trigger or "", "-"), code(describe_input(task.input_schema)))
        for task in release.manifest.tasks
    )
    files = ((code(piece.name), format_size(piece.size)) for piece in release.files)
    return [
        *_table(("Release", ""), facts),
        *("### Tasks", "", *_table(("Task", "Version", "Trigger", "Input"), tasks)),
        *_folded(quantity(len(release.files), "file"), _table(("File", "Size"), files)),
    ]


def _job(job: JobFile) -> list[str]:
    rows = (
        (
            f"{'· ' * task.depth}{code(task.display)}",
            task.state.replace("_", ", "),
            str(task.attempts),
            format_seconds(task.seconds),
            code(task.error or ""),
        )
        for task in job.tasks
    )
    return ["### Run", "", f"State: {job.state}", "", *_table(("Task", "State", "Attempts", "Time", "Error"), rows)]


def mermaid_graph(graph: Graph) -> str:
    """Return the flowchart. Solid lines submit, thick ones run before; dotted lines are read from the source."""
    lines = ["flowchart LR"]
    lines += [f'  t{index}["{_label(node)}"]' for index, node in enumerate(graph.nodes)]
    lines += [f"  t{edge.start} {_arrow(edge)} t{edge.end}" for edge in graph.edges]
    return "\n".join(lines) + "\n"


def _label(node: Node) -> str:
    parts = [_encode(short_name(node.name)), _encode(node.version)]
    if node.task and node.task.trigger:
        parts.append(TRIGGERS[node.task.trigger])
    if node.count:
        parts.append(f"{node.count} in this run")
    return "<br/>".join(parts)


def _arrow(edge: Edge) -> str:
    if not edge.count:
        return "-.->" if edge.kind == "submits" else "-. before .->"
    times = f"|{edge.count} times| " if edge.count > 1 else ""
    return f"{'-->' if edge.kind == 'submits' else '==>'}{times}".rstrip()


def _encode(value: str) -> str:
    """Return a text in which only letters, digits and spaces are not encoded, because labels may contain HTML."""
    return "".join(char if char.isalnum() or char == " " else f"#{ord(char)};" for char in clip(value, _LONGEST_LABEL))
