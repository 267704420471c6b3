"""A report as one HTML page that needs nothing else: no network, no other file, no inline style, one script."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.progress import format_seconds, format_size, quantity
from hatch_tilebox.inputs.describe import fields_of
from hatch_tilebox.report.changes import NO_VARIABLES, changes, describe_facts, verdict_banner
from hatch_tilebox.report.form import input_form
from hatch_tilebox.report.graph import TRIGGERS, describe_edges
from hatch_tilebox.report.graph_chart import graph_chart
from hatch_tilebox.report.html import Html, badge, join, left_out, muted, row, scrolling, table, tag
from hatch_tilebox.report.timeline import timeline
from hatch_tilebox.report.treemap import treemap

if TYPE_CHECKING:
    from hatch_tilebox.core.model import Task
    from hatch_tilebox.report.collect import Release, Report
    from hatch_tilebox.report.graph import Graph
    from hatch_tilebox.report.job_file import JobFile

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%230b6b74'/%3E%3Cpath d='M4 4h8v3H4zM4 9h4v3H4z' fill='%23fff'/%3E%3C/svg%3E"
)
MOST_TASKS = 200
_UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_PLACES = {"Environment": "full", "Fingerprint": "half", "Digest": "half"}
_EDGES = {
    ("submits", True): "submits, in the run",
    ("before", True): "runs before, in the run",
    ("submits", False): "submits, read from the source",
    ("before", False): "runs before, read from the source",
}
"""The legend of the graph, by the kind of an edge and whether it is seen in a run."""
_STATES = {"completed": "good", "failed": "bad", "started": "warn", "submitted": "warn"}


Section = tuple[str, str, list[Html | None]]
"""The id, the title and the content of a section."""


def html_page(report: Report) -> str:
    """Return the page. Its bytes depend only on the report."""
    style, script = _template("report.css"), _template("report.js")
    sections, data = _sections(report)
    policy = (
        f"default-src 'none'; script-src 'sha256-{_digest(script)}'; style-src 'sha256-{_digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", report.title),
        tag("link", rel="icon", href=Html(ICON)),
        tag("style", Html(style)),
    )
    links = (tag("li", tag("a", title, href=f"#{part_id}")) for part_id, title, _ in sections)
    menu = tag("nav", tag("ul", *links), aria_label="Sections")
    main = (tag("section", tag("h2", title), *content, id=part_id) for part_id, title, content in sections)
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _header(report, menu),
        tag("main", *main, id="content"),
        tag("footer", tag("p", "Written by hatch-tilebox report. Sizes are in binary units.")),
        tag("script", json_text(data), type="application/json", id="tasks"),
        tag("script", Html(script)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def json_text(value: Any) -> Html:
    """Return JSON for a `script` element: no character in it can end the element or begin a comment."""
    return Html(json.dumps(value, ensure_ascii=True).translate(_UNSAFE))


def _template(name: str) -> str:
    return (files("hatch_tilebox") / "report" / "templates" / name).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _header(report: Report, menu: Html) -> Html:
    release = report.release
    rows: dict[str, str] = {}
    if release:
        unpacked = format_size(sum(file.size for file in release.manifest.files))
        files = quantity(len(release.manifest.files), "file")
        rows = {
            **{title: value for title, value in describe_facts(release.manifest).items() if value != NO_VARIABLES},
            "Size": f"{format_size(release.size)}, unpacked {unpacked} in {files}",
            "Fingerprint": release.manifest.fingerprint,
            "Digest": f"sha256:{release.digest}",
        }
    facts = [tag("div", tag("dt", title), tag("dd", value), class_=_PLACES.get(title)) for title, value in rows.items()]
    kind = "Changes between two releases" if report.old else "Release" if release else "Local run"
    banner = verdict_banner(report.difference) if report.difference else None
    content = (tag("p", kind, class_="kind"), tag("h1", report.title), banner, tag("dl", *facts) if facts else None, menu)
    return tag("header", *content)


def _sections(report: Report) -> tuple[list[Section], list[dict[str, Any]]]:
    """Return the sections, and the data for the script."""
    found: list[Section] = []
    data: list[dict[str, Any]] = []
    if report.difference:
        found += [(title.lower().replace(" ", "-"), title, content) for title, content in changes(report.difference)]
    if report.graph.nodes:
        found.append(("graph", "Task graph", _graph(report.graph)))
    if report.job:
        found.append(("run", "Run", _run(report.job)))
    if report.release:
        tasks = report.release.manifest.tasks[:MOST_TASKS]
        forms = [input_form(task, report.release.file, index) for index, task in enumerate(tasks)]
        data = [values for _, values in forms]
        items = [_task(task, form, only=len(tasks) == 1) for task, (form, _) in zip(tasks, forms, strict=True)]
        lead = muted("Fill in a form to get the command that tries the task on your machine.")
        more = left_out(len(report.release.manifest.tasks) - len(tasks), "tasks")
        found.append(("inputs", "Tasks", [lead, *items, more]))
        found.append(("sizes", "Sizes", _sizes(report.release)))
    return found, data


def _graph(graph: Graph) -> list[Html | None]:
    lines = describe_edges(graph)
    items = [
        tag("li", tag("strong", node.name), f" {node.version}", ": " if lines.get(index) else "", "; ".join(lines.get(index, [])))
        for index, node in enumerate(graph.nodes)
    ]
    kinds = {(edge.kind, bool(edge.count)) for edge in graph.edges}
    legend = [tag("li", _sample(*key), words) for key, words in _EDGES.items() if key in kinds]
    return [
        graph_chart(graph),
        tag("ul", *legend, class_="legend") if legend else None,
        muted(f"{graph.left_out} more tasks are not drawn.") if graph.left_out else None,
        tag("details", tag("summary", "Describe the graph in words"), tag("ul", *items, class_="words")),
    ]


def _sample(kind: str, seen: bool) -> Html:  # noqa: FBT001 -- parts of one key
    line = tag(
        "g",
        tag("path", d="M1 6H27", class_="line"),
        tag("path", d="M34 6L26 2L26 10Z", class_="head"),
        class_=f"edge {kind}{'' if seen else ' source'}",
    )
    return tag("svg", line, width=36, height=12, aria_hidden="true")


def _run(job: JobFile) -> list[Html | None]:
    retried = sum(task.attempts > 1 for task in job.tasks)
    words = f" {quantity(len(job.tasks), 'task')}, {format_seconds(job.length)}, {retried} with retries"
    return [tag("p", badge(job.state, _STATES[job.state]), words), timeline(job)]


def _task(task: Task, form: Html, *, only: bool) -> Html:
    trigger = badge(f"trigger: {TRIGGERS[task.trigger]}", "quiet") if task.trigger else None
    fields = [
        row(tag("code", field.path), tag("code", field.words), "yes" if field.required else "no")
        for field in fields_of(task.input_schema)
    ]
    content = table("input", "Input", ("Field", "Values", "Required"), fields)
    return tag(
        "details",
        tag("summary", tag("h3", task.name), " ", tag("span", task.version, class_="version"), " ", trigger),
        tag("p", " ".join(task.description.split())) if task.description else None,
        muted(join(["Source: ", tag("code", f"{task.source.path}:{task.source.line}")])) if task.source else None,
        tag("h4", "Try it"),
        form,
        scrolling(f"Input of {task.name}", content) if fields else muted("The task has no input."),
        class_="task",
        open=only,
    )


def _sizes(release: Release) -> list[Html | None]:
    parts = [treemap("Files in the release", release.files)]
    if release.packages:
        parts.append(treemap("Packages to download", release.packages))
        note = (
            "A runner downloads the packages before the first task starts. The sizes are those in uv.lock, for Linux on x86-64 and "
            "the newest supported Python. Colours show which direct dependency needs a package."
        )
    elif release.packages is None:
        note = "The release has no readable uv.lock, so the sizes of its packages are not known."
    else:
        note = "uv.lock has no sizes of packages."
    return [tag("div", *parts, class_="pair"), muted(note)]
