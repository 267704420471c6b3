"""The display of a job: its tree, its timeline, its log."""

from __future__ import annotations

import io
import sys
import time
from dataclasses import replace

import pytest

from hatch_tilebox.cli.run_display import JobDisplay, show_job
from hatch_tilebox.cli.safe_console import SafeConsole
from hatch_tilebox.local_run.execution import RunResult
from hatch_tilebox.local_run.job import Job, LocalTask
from hatch_tilebox.local_run.submissions import Submission
from hatch_tilebox.local_run.telemetry import LogRecord, Span

SECOND = 10**9


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def job():
    """A job whose root was computed, and submitted 60 tasks."""
    job = Job(LocalTask("a/Root", "v1.0", b"", "Root"))
    root = job.next()
    root.attempts, root.seconds = 2, 1.25
    job.computed(root, [Submission("a/Leaf", "v1.0", b'{"i": %d}' % i, "", (i - 1,) if i else ()) for i in range(60)])
    return job


def result_of(job, spans=(), problems=()):
    return RunResult(job.state, tuple(job.root.below()), (), tuple(spans), tuple(problems), ())


def span(name, start, end, parent="", error=False):  # noqa: FBT002 -- short to write
    return Span(name, name, parent, int(start * SECOND), int(end * SECOND), error, None, None)


def test_a_long_job_is_cut(job, capsys):
    show_job(result_of(job), everything=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "✓ Root  1.2 s  2 attempts"
    assert lines[1] == '├── ○ Leaf  {"i": 0}'
    assert lines[2] == '├── ○ Leaf  after Leaf  {"i": 1}'
    assert lines[41] == "└── 20 more; -v shows all"
    assert lines[-1] == "started: 1 computed, 60 queued; --follow executes the queued tasks too"
    show_job(result_of(job), everything=True)
    assert '{"i": 59}' in capsys.readouterr().out


def test_long_inputs_fit_the_width(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    job = Job(LocalTask("Root", "v1.0", b"", "Root"))
    job.computed(job.next(), [Submission("Leaf", "v1.0", b'"%s"' % (b"x" * 500), "")])
    show_job(result_of(job), everything=False)
    assert max(map(len, terminal.getvalue().splitlines())) <= 100


def test_timeline(job, capsys):
    spans = [
        span("inner", 2, 4, "task/B", error=True),
        span("task/B", 2, 4),
        span("task/A", 0, 1),
        span("quick", 0.5, 0.5, "task/A"),
    ]
    show_job(result_of(job, spans), everything=False)
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Timeline"))
    assert lines[start + 1 : start + 5] == [
        "A         ▇▇▇▇▇▇▇▇▇▇                                1.0 s",
        "  quick       ▇                                      0 ms",
        "B                            ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇  2.0 s",
        "  inner                      ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇  2.0 s",
    ]


def test_the_timeline_has_progress_indicators(capsys):
    job = Job(LocalTask("Root", "v1.0", b"", "Root"))
    root = job.next()
    root.display, root.progress = "Mosaic(n)", (("tiles", 1, 3), ("", 1, 1))
    job.computed(root, [])
    show_job(
        result_of(job, [replace(span("task/Root", 0, 1), task=str(root.id)), span("read", 0, 1, "task/Root")]), everything=False
    )
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("Timeline"))
    assert lines[start].split() == ["Timeline", "Time", "Progress"]
    assert lines[start + 1].startswith("Mosaic(n)")
    assert lines[start + 1].endswith("1.0 s  tiles: 1 of 3, progress: 1 of 1")
    assert lines[start + 2].endswith("1.0 s")


def test_progress_indicators_are_summed(capsys):
    job = Job(LocalTask("Root", "v1.0", b"", "Root"))
    root = job.next()
    root.progress = (("tiles", 1, 3), ("", 1, 1))
    job.computed(root, [Submission("Leaf", "v1.0", b"", "")])
    leaf = job.next()
    leaf.progress = (("tiles", 2, 2),)
    job.computed(leaf, [])
    show_job(result_of(job), everything=False)
    text = capsys.readouterr().out
    assert "tiles: 3 of 5\n" in text
    assert "progress: 1 of 1\n" in text
    assert text.endswith("completed: 2 computed\n")


def test_log(capsys):
    job = Job(LocalTask("Root", "v1.0", b"", "Root"))
    root = job.next()
    display = JobDisplay(0, SafeConsole(stderr=True))
    display.task_started(root, job)
    stacktrace = {"exception.stacktrace": "Traceback\nValueError: no", "exception.type": "ValueError"}
    display.log(LogRecord(SECOND, "INFO", "[bold]text[/]", {"share": 0.5, "name": "a b", "all": [1, None]}, str(root.id)))
    display.log(LogRecord(SECOND, "ERROR", "broken", stacktrace, None))
    display.output("printed [red]as is[/] \x1b[31mred\x1b[0m")
    root.attempts = 1
    job.failed(root, "ValueError('no')")
    display.task_ended(root, job)
    display.close()
    lines = [line[9:] if line[2:3] == ":" else line for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "INFO  Root  [bold]text[/]  share=0.5  name=a b  all=[1, null]",
        "ERROR  broken",
        "Traceback",
        "ValueError: no",
        "         printed [red]as is[/] red",
        "✗ Root  0 ms  ValueError('no')",
    ]


def test_quiet(capsys):
    job = Job(LocalTask("Root", "v1.0", b"", "Root"))
    root = job.next()
    display = JobDisplay(-1, SafeConsole(stderr=True))
    display.task_started(root, job)
    display.log(LogRecord(0, "ERROR", "broken", {}, None))
    display.output("printed")
    job.computed(root, [])
    display.task_ended(root, job)
    assert capsys.readouterr().err == ""


def test_logs_come_before_the_end_of_their_task(capsys):
    job = Job(LocalTask("Root", "v1.0", b"", "Root"))
    root = job.next()
    display = JobDisplay(0, SafeConsole(stderr=True))
    display.task_started(root, job)
    job.computed(root, [Submission("Leaf", "v1.0", b"", "Leaf")])
    display.task_ended(root, job)
    leaf = job.next()
    display.task_started(leaf, job)
    display.log(LogRecord(SECOND, "INFO", "late", {}, str(root.id)))
    display.log(LogRecord(SECOND, "INFO", "early", {}, str(leaf.id)))
    job.computed(leaf, [])
    display.task_ended(leaf, job)
    display.close()
    lines = [line[9:] if line[2:3] == ":" else line for line in capsys.readouterr().err.splitlines()]
    assert lines == ["INFO  Root  late", "✓ Root", "INFO  Leaf  early", "✓ Leaf"]


def test_the_end_of_a_task_without_logs_is_shown_soon(capsys):
    job = Job(LocalTask("Root", "v1.0", b"", "Root"))
    root = job.next()
    display = JobDisplay(0, SafeConsole(stderr=True))
    job.computed(root, [])
    display.task_ended(root, job)
    time.sleep(1)
    assert capsys.readouterr().err == "✓ Root\n"


def test_display_names_and_progress_of_tasks(capsys):
    job = Job(LocalTask("Root", "v1.0", b"", "Root(a)"))
    root = job.next()
    root.progress = (("tiles", 1, 3),)
    job.computed(root, [])
    display = JobDisplay(0, SafeConsole(stderr=True))
    display.task_ended(root, job)
    display.close()
    of_task = Span("task/Root", "1", "", 0, SECOND, False, str(root.id), None)
    show_job(result_of(job, [of_task, replace(of_task, name="read", id="2", parent="1")]), everything=False)
    printed = capsys.readouterr()
    assert printed.err == "✓ Root(a)  tiles: 1 of 3\n"
    assert printed.out.startswith("✓ Root(a)  tiles: 1 of 3\n")
    assert "\nRoot(a)   ▇" in printed.out
    assert "\n  read    ▇" in printed.out
