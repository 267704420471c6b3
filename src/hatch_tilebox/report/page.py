"""A report as one HTML page that needs nothing else: no network, no other file, no inline style, one script."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hatch_tilebox.core.progress import format_seconds, format_size
from hatch_tilebox.inputs.describe import fields_of
from hatch_tilebox.report.changes import NO_VARIABLES, changes, describe_facts, verdict_banner
from hatch_tilebox.report.form import input_form
from hatch_tilebox.report.graph_chart import TRIGGERS, describe_edges, graph_chart
from hatch_tilebox.report.html import Html, counted, tag
from hatch_tilebox.report.timeline import timeline
from hatch_tilebox.report.treemap import treemap

if TYPE_CHECKING:
    from hatch_tilebox.core.model import Task
    from hatch_tilebox.report.collect import Release, Report
    from hatch_tilebox.report.graph import Graph

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%230b6b74'/%3E%3Cpath d='M4 4h8v3H4zM4 9h4v3H4z' fill='%23fff'/%3E%3C/svg%3E"
)
MOST_TASKS = 200
_UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_PLACES = {"Environment": "full", "Fingerprint": "half", "Digest": "half"}
_STATES = {"completed": "good", "failed": "bad", "started": "warn", "submitted": "warn"}


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
    names = [(part_id, title) for part_id, title, _ in sections]
    menu = tag("nav", tag("ul", *(tag("li", tag("a", title, href=f"#{name}")) for name, title in names)), aria_label="Sections")
    footer = tag("footer", tag("p", "Written by hatch-tilebox report. Sizes are in binary units."))
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _header(report, menu),
        tag("main", *(part for _, _, parts in sections for part in parts), id="content"),
        footer,
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
        files = counted(len(release.manifest.files), "file")
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


def _sections(report: Report) -> tuple[list[tuple[str, str, list[Html]]], list[dict[str, Any]]]:
    """Return id, title and content of each section, and the data for the script."""
    found: list[tuple[str, str, list[Html]]] = []
    data: list[dict[str, Any]] = []
    if report.difference:
        found.append(("changed-tasks", "Changes", changes(report.difference)))
    if report.graph.nodes:
        found.append(("graph", "Task graph", [_graph(report.graph)]))
    if report.job:
        found.append(("run", "Run", [_run(report)]))
    if report.release:
        tasks = report.release.manifest.tasks[:MOST_TASKS]
        forms = [input_form(task, report.release.file, index) for index, task in enumerate(tasks)]
        data = [values for _, values in forms]
        items = [_task(task, form, only=len(tasks) == 1) for task, (form, _) in zip(tasks, forms, strict=True)]
        lead = tag("p", "Fill in a form to get the command that tries the task on your machine.", class_="muted")
        if left_out := len(report.release.manifest.tasks) - len(tasks):
            items.append(tag("p", f"{left_out} more tasks are left out.", class_="muted"))
        found.append(("inputs", "Tasks", [tag("section", tag("h2", "Tasks"), lead, *items, id="inputs")]))
        found.append(("sizes", "Sizes", [_sizes(report.release)]))
    return found, data


def _graph(graph: Graph) -> Html:
    lines = describe_edges(graph.edges, graph.nodes)
    items = [
        tag("li", tag("strong", node.name), f" {node.version}", ": " if lines.get(index) else "", "; ".join(lines.get(index, [])))
        for index, node in enumerate(graph.nodes)
    ]
    kinds = {(edge.kind, bool(edge.count)) for edge in graph.edges}
    words = {
        ("submits", True): "submits, in the run",
        ("before", True): "runs before, in the run",
        ("submits", False): "submits, read from the source",
        ("before", False): "runs before, read from the source",
    }
    legend = [tag("li", _sample(*key), words[key]) for key in words if key in kinds]
    left_out = tag("p", f"{graph.left_out} more tasks are not drawn.", class_="muted") if graph.left_out else None
    return tag(
        "section",
        tag("h2", "Task graph"),
        graph_chart(graph),
        tag("ul", *legend, class_="legend") if legend else None,
        left_out,
        tag("details", tag("summary", "Describe the graph in words"), tag("ul", *items, class_="words")),
        id="graph",
    )


def _sample(kind: str, seen: bool) -> Html:  # noqa: FBT001 -- parts of one key
    line = tag(
        "g",
        tag("path", d="M1 6H27", class_="line"),
        tag("path", d="M34 6L26 2L26 10Z", class_="head"),
        class_=f"edge {kind}{'' if seen else ' source'}",
    )
    return tag("svg", line, width=36, height=12, aria_hidden="true")


def _run(report: Report) -> Html:
    job = report.job
    if job is None:
        return tag("section")
    length = max((span.end for task in job.tasks for span in task.spans), default=0.0)
    retried = sum(task.attempts > 1 for task in job.tasks)
    words = f"{counted(len(job.tasks), 'task')}, {format_seconds(length)}, {retried} with retries"
    state = tag("p", tag("span", job.state, class_=f"badge {_STATES[job.state]}"), f" {words}")
    return tag("section", tag("h2", "Run"), state, timeline(job), id="run")


def _task(task: Task, form: Html, *, only: bool) -> Html:
    trigger = tag("span", f"trigger: {TRIGGERS[task.trigger]}", class_="badge quiet") if task.trigger else None
    summary = tag("summary", tag("h3", task.name), " ", tag("span", task.version, class_="version"), " ", trigger)
    rows = [
        tag(
            "tr",
            tag("th", tag("code", field.path), scope="row"),
            tag("td", tag("code", field.words)),
            tag("td", "yes" if field.required else "no"),
        )
        for field in fields_of(task.input_schema)
    ]
    head = tag("thead", tag("tr", *(tag("th", title, scope="col") for title in ("Field", "Values", "Required"))))
    table = tag("table", tag("caption", "Input"), head, tag("tbody", *rows))
    content = [
        tag("p", " ".join(task.description.split())) if task.description else None,
        tag("p", "Source: ", tag("code", f"{task.source.path}:{task.source.line}"), class_="muted") if task.source else None,
        tag("h4", "Try it"),
        form,
        tag("div", table, class_="scroll", tabindex=0, role="region", aria_label=f"Input of {task.name}")
        if rows
        else tag("p", "The task has no input.", class_="muted"),
    ]
    return tag("details", summary, *content, class_="task", open=only)


def _sizes(release: Release) -> Html:
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
    return tag("section", tag("h2", "Sizes"), tag("div", *parts, class_="pair"), tag("p", note, class_="muted"), id="sizes")
