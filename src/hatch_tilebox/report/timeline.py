"""The timeline of a run: a table with a bar for every attempt of a task, and below it the spans, logs and errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hatch_tilebox.core.progress import format_seconds
from hatch_tilebox.report.html import Html, clip, counted, number, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hatch_tilebox.report.job_file import JobFile, JobLog, JobSpan, JobTask

MOST_ROWS = 300
MOST_LOGS = 200
_HOVER_LOGS = 12
_DEEPEST = 4
STATES = {
    "computed": ("good", "computed"),
    "failed": ("bad", "failed"),
    "failed_optional": ("warn", "failed, optional"),
    "queued": ("quiet", "queued"),
    "skipped": ("quiet", "skipped"),
}
_LEVELS = {"WARN": "warn", "WARNING": "warn", "ERROR": "bad", "FATAL": "bad"}


def timeline(job: JobFile) -> Html:
    """Return the table of the tasks of a job with their times."""
    length = max((span.end for task in job.tasks for span in task.spans), default=0.0)
    rows = [row for task in job.tasks[:MOST_ROWS] for row in _rows(task, length)]
    titles = (("Task", ""), ("State", ""), ("Attempts", "number"), ("Time", "number"))
    head = [tag("th", title, scope="col", class_=kind or None, role="columnheader") for title, kind in titles]
    head.append(tag("th", tag("span", "Timeline", class_="hidden"), _axis(length), scope="col", class_="bar", role="columnheader"))
    left_out = len(job.tasks) - MOST_ROWS
    note = [tag("p", f"{left_out} more tasks are left out.", class_="muted")] if left_out > 0 else []
    caption = tag("caption", "Tasks, parents before their subtasks", class_="hidden")
    table = tag(
        "table",
        caption,
        tag("thead", tag("tr", *head, role="row"), role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        class_="timeline",
        role="table",
    )
    return tag("div", table, *note)


def _axis(length: float) -> Html:
    marks = []
    for part in (0, 50, 100):
        anchor = {0: "start", 100: "end"}.get(part, "middle")
        marks.append(tag("text", format_seconds(length * part / 100), x=f"{part}%", y=12, text_anchor=anchor))
    return tag("svg", *marks, width="100%", height=16, class_="axis", aria_hidden="true")


def _rows(task: JobTask, length: float) -> list[Html]:
    colour, word = STATES[task.state]
    indent = f"depth{min(task.depth, _DEEPEST)}"
    cells = (
        tag("th", task.display, scope="row", class_=f"name {indent}", role="rowheader"),
        tag("td", tag("span", word, class_=f"badge {colour}"), role="cell"),
        tag("td", str(task.attempts), class_="number" if task.attempts < 2 else "number strong", role="cell"),  # noqa: PLR2004 -- a retry
        tag("td", format_seconds(task.seconds), class_="number", role="cell"),
        tag("td", _bars(task, length), class_="bar", role="cell"),
    )
    more = _more(task)
    rows = [tag("tr", *cells, class_="has-more" if more else None, role="row")]
    if more:
        summary = tag("summary", _summary(task), tag("span", f" of {task.display}", class_="hidden"))
        rows.append(tag("tr", tag("td", tag("details", summary, *more), colspan=5, role="cell"), class_="more", role="row"))
    return rows


def _bars(task: JobTask, length: float) -> Html:
    """Return bars for the outer spans, which are the attempts, and thinner ones for the spans in them."""
    outer = [
        span for span in task.spans if not any(other is not span and _contains(other, span, task.spans) for other in task.spans)
    ]
    hover = _hover(task)
    bars = []
    for span in sorted(task.spans, key=lambda span: (span.start, -span.end)):
        attempt = any(span is other for other in outer)
        start, width = (100 * span.start / length, 100 * (span.end - span.start) / length) if length else (0.0, 100.0)
        width = max(0.0, min(width, 100 - start))
        kind = "attempt" if attempt else "inner"
        words = f"{span.name}: {format_seconds(span.end - span.start)} from {format_seconds(span.start)}"
        words += ", failed" if span.error else ""
        bars.append(
            tag(
                "rect",
                tag("title", f"{words}\n{hover}".rstrip()),
                x=f"{number(min(start, 99.5))}%",
                y=3 if attempt else 7,
                width=f"{number(max(width, 0.5))}%",
                height=16 if attempt else 8,
                rx=3 if attempt else 2,
                class_=f"{kind}{' bad' if span.error else ''}",
            )
        )
    label = f"{counted(len(outer), 'attempt')}, {counted(len(task.spans), 'span')}" if task.spans else "no spans"
    return tag(
        "svg",
        tag("line", x1=0, x2="100%", y1=11, y2=11, class_="track"),
        *bars,
        width="100%",
        height=22,
        role="img",
        aria_label=label,
    )


def _contains(outer: JobSpan, inner: JobSpan, spans: Sequence[JobSpan]) -> bool:
    if (outer.start, outer.end) == (inner.start, inner.end):
        return spans.index(outer) < spans.index(inner)
    return outer.start <= inner.start and inner.end <= outer.end


def _hover(task: JobTask) -> str:
    lines = [f"{log.level} {clip(log.message, 100)}" for log in task.logs[:_HOVER_LOGS]]
    if len(task.logs) > len(lines):
        lines.append(f"{len(task.logs) - len(lines)} more log records")
    return "\n".join([*([clip(task.error, 200)] if task.error else []), *lines])


def _summary(task: JobTask) -> str:
    parts = [counted(count, word) for count, word in ((len(task.spans), "span"), (len(task.logs), "log record")) if count]
    parts += ["input"] if task.input is not None else []
    error = "error" if task.state.startswith("failed") else "error of an earlier attempt"
    return ", ".join([*parts, *([error] if task.error else [])])


def _more(task: JobTask) -> list[Html]:
    found = []
    if task.error:
        found.append(tag("p", tag("strong", "Error: "), task.error, class_="error"))
    if task.stacktrace:
        found.append(_pre(task.stacktrace))
    if task.input is not None:
        found += [tag("h4", "Input"), _pre(json.dumps(task.input, ensure_ascii=False, indent=2))]
    if task.progress:
        found.append(tag("h4", "Progress"))
        found.append(tag("ul", *(tag("li", f"{label}: {done} of {total}") for label, done, total in task.progress)))
    if task.logs:
        found += [tag("h4", "Logs"), tag("ul", *map(_log, task.logs[:MOST_LOGS]), class_="logs")]
        if len(task.logs) > MOST_LOGS:
            found.append(tag("p", f"{len(task.logs) - MOST_LOGS} more log records are left out.", class_="muted"))
    if task.spans:
        items = (
            tag(
                "li",
                tag("span", span.name),
                tag("span", format_seconds(span.end - span.start), class_="muted"),
                " failed" if span.error else None,
            )
            for span in task.spans
        )
        found += [tag("h4", "Spans"), tag("ul", *items, class_="spans")]
    return found


def _log(log: JobLog) -> Html:
    level = tag("span", clip(log.level, 12), class_=f"badge {_LEVELS.get(log.level, 'quiet')}")
    extra = "  ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in log.attributes.items()
        if not name.startswith("exception.")
    )
    return tag("li", level, tag("span", log.message), tag("code", extra) if extra else None)


def _pre(content: str) -> Html:
    return tag("div", tag("pre", content), class_="scroll", tabindex=0, role="region", aria_label="Text")
