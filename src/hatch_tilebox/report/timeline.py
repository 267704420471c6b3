"""The timeline of a run: a table with a bar for every attempt of a task, and below it the spans, logs and errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hatch_tilebox.core.progress import format_seconds, quantity
from hatch_tilebox.inputs.describe import to_json
from hatch_tilebox.report.html import Html, badge, clip, join, left_out, number, row, scrolling, table, tag

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    rows = [row for task in job.tasks[:MOST_ROWS] for row in _rows(task, job.length)]
    axis = tag("svg", *_marks(job.length), width="100%", height=16, class_="axis", aria_hidden="true")
    titles = ("Task", "State", "Attempts", "Time", join([tag("span", "Timeline", class_="hidden"), axis]))
    found = table("timeline", "Tasks, parents before their subtasks", titles, rows)
    return tag("div", found, left_out(len(job.tasks) - MOST_ROWS, "tasks"))


def _marks(length: float) -> Iterator[Html]:
    for part, anchor in ((0, "start"), (50, "middle"), (100, "end")):
        yield tag("text", format_seconds(length * part / 100), x=f"{part}%", y=12, text_anchor=anchor)


def _rows(task: JobTask, length: float) -> Iterator[Html]:
    colour, word = STATES[task.state]
    attempts = tag("span", str(task.attempts), class_="strong" if task.attempts > 1 else None)
    more = _more(task)
    kind = f"depth{min(task.depth, _DEEPEST)}{' has-more' if more else ''}"
    yield row(task.display, badge(word, colour), attempts, format_seconds(task.seconds), _bars(task, length), kind=kind)
    if more:
        summary = tag("summary", _summary(task), tag("span", f" of {task.display}", class_="hidden"))
        yield tag("tr", tag("td", tag("details", summary, *more), colspan=5, role="cell"), class_="more", role="row")


def _bars(task: JobTask, length: float) -> Html:
    """Return bars for the outer spans, which are the attempts, and thinner ones for the spans in them."""
    hover = _hover(task)
    bars = []
    attempts, reached = 0, -1.0
    for span in sorted(task.spans, key=lambda span: (span.start, -span.end)):
        outer = span.end > reached
        reached = max(reached, span.end)
        attempts += outer
        start, width = (100 * span.start / length, 100 * (span.end - span.start) / length) if length else (0.0, 100.0)
        words = f"{span.name}: {format_seconds(span.end - span.start)} from {format_seconds(span.start)}"
        words += ", failed" if span.error else ""
        bars.append(
            tag(
                "rect",
                tag("title", f"{words}\n{hover}".rstrip()),
                x=f"{number(min(start, 99.5))}%",
                y=3 if outer else 7,
                width=f"{number(max(0.5, min(width, 100 - start)))}%",
                height=16 if outer else 8,
                rx=3 if outer else 2,
                class_=f"{'attempt' if outer else 'inner'}{' bad' if span.error else ''}",
            )
        )
    label = f"{quantity(attempts, 'attempt')}, {quantity(len(task.spans), 'span')}" if task.spans else "no spans"
    track = tag("line", x1=0, x2="100%", y1=11, y2=11, class_="track")
    return tag("svg", track, *bars, width="100%", height=22, role="img", aria_label=label)


def _hover(task: JobTask) -> str:
    lines = [f"{log.level} {clip(log.message, 100)}" for log in task.logs[:_HOVER_LOGS]]
    if len(task.logs) > len(lines):
        lines.append(f"{len(task.logs) - len(lines)} more log records")
    return "\n".join([*([clip(task.error, 200)] if task.error else []), *lines])


def _summary(task: JobTask) -> str:
    parts = [quantity(count, word) for count, word in ((len(task.spans), "span"), (len(task.logs), "log record")) if count]
    parts += ["input"] if task.input is not None else []
    error = "error" if task.state.startswith("failed") else "error of an earlier attempt"
    return ", ".join([*parts, *([error] if task.error else [])])


def _more(task: JobTask) -> list[Html | None]:
    found: list[Html | None] = []
    if task.error:
        found.append(tag("p", tag("strong", "Error: "), task.error, class_="error"))
    if task.stacktrace:
        found.append(_text(task.stacktrace))
    if task.input is not None:
        found += [tag("h4", "Input"), _text(json.dumps(task.input, ensure_ascii=False, indent=2))]
    if task.progress:
        items = (tag("li", f"{label}: {done} of {total}") for label, done, total in task.progress)
        found += [tag("h4", "Progress"), tag("ul", *items)]
    if task.logs:
        found += [tag("h4", "Logs"), tag("ul", *map(_log, task.logs[:MOST_LOGS]), class_="logs")]
        found.append(left_out(len(task.logs) - MOST_LOGS, "log records"))
    if task.spans:
        found += [tag("h4", "Spans"), tag("ul", *map(_span, task.spans), class_="spans")]
    return found


def _span(span: JobSpan) -> Html:
    time = tag("span", format_seconds(span.end - span.start), class_="muted")
    return tag("li", tag("span", span.name), time, " failed" if span.error else None)


def _log(log: JobLog) -> Html:
    extra = "  ".join(
        f"{name}={value if isinstance(value, str) else to_json(value)}"
        for name, value in log.attributes.items()
        if not name.startswith("exception.")
    )
    level = badge(clip(log.level, 12), _LEVELS.get(log.level, "quiet"))
    return tag("li", level, tag("span", log.message), tag("code", extra) if extra else None)


def _text(content: str) -> Html:
    return scrolling("Text", tag("pre", content))
