"""Progress is animated only on a terminal, with and without colours."""

from __future__ import annotations

import io
import sys
import time

import pytest

from hatch_tilebox.cli.console import RichProgress, show_problems
from hatch_tilebox.core import progress as progress_module
from hatch_tilebox.core.errors import Location, Problem


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def shown(monkeypatch, stream, verbosity=0):
    """What a person sees of an upload."""
    monkeypatch.setattr(sys, "stderr", stream)
    progress = RichProgress(verbosity)
    monkeypatch.setattr(progress_module, "perf_counter", lambda: 10.0)
    progress.started("Uploading")
    for done in (0, 512, 1024):
        progress.transferred(done, 1024)
    progress.warning(Problem("slow [/line]"))
    monkeypatch.setattr(progress_module, "perf_counter", lambda: 12.0)
    progress.finished("1.0 KiB")
    progress.detail("one attempt")
    progress.close()
    return stream.getvalue()


def test_a_terminal_has_a_bar_that_goes(monkeypatch):
    text = shown(monkeypatch, Terminal())
    assert "1.0/1.0 KiB" in text
    assert "\x1b[32mUploading            \x1b[0m  1.0 KiB" in text
    assert text.rstrip().endswith("2.0 s\x1b[0m")


def test_elsewhere_there_are_plain_lines(monkeypatch):
    text = shown(monkeypatch, io.StringIO())
    assert text == "warning: slow [/line]\nUploading              1.0 KiB  2.0 s\n"


def test_forced_colours_do_not_make_it_move(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    text = shown(monkeypatch, io.StringIO())
    assert "\x1b[32mUploading" in text
    assert len(text.splitlines()) == 2
    assert "\r" not in text


def test_a_terminal_without_colours(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in shown(monkeypatch, Terminal())


@pytest.mark.parametrize(
    ("verbosity", "lines"),
    [(-2, []), (-1, ["warning"]), (0, ["warning", "Uploading"]), (1, ["warning", "Uploading", "one"])],
)
def test_verbosity(monkeypatch, verbosity, lines):
    text = shown(monkeypatch, io.StringIO(), verbosity)
    assert [line.split()[0].rstrip(":") for line in text.splitlines()] == lines


def test_errors_are_told_whole_with_markup_of_the_user_in_them(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    show_problems([Problem("no [bold]such[/] key", "add it", Location("a.toml", 2, 3), "line one\nline two")])
    assert stream.getvalue() == "error: no [bold]such[/] key\n --> a.toml:2:3\n  | line one\n  | line two\nhelp: add it\n"


def test_a_slow_step_announces_itself_once_where_nothing_moves(monkeypatch):
    monkeypatch.setattr(progress_module, "_SLOW", 0.05)
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    progress = RichProgress()
    for step, seconds in (("Installing", 0.3), ("Selecting files", 0)):
        progress.started(step)
        time.sleep(seconds)
        progress.finished("done")
    assert stream.getvalue() == "Installing...\nInstalling             done  0.3 s\nSelecting files        done\n"


def test_a_quiet_or_failed_slow_step_announces_nothing(monkeypatch):
    monkeypatch.setattr(progress_module, "_SLOW", 0.05)
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    for verbosity in (-1, 0):
        progress = RichProgress(verbosity)
        progress.started("Installing")
        if verbosity == 0:
            progress.close()
        time.sleep(0.2)
    assert stream.getvalue() == ""


def test_the_output_of_uv_is_below_its_step_and_only_with_vv(monkeypatch):
    for verbosity, lines in (
        (1, ["Installing             done"]),
        (2, ["Installing...", "  + one", "  + two", "Installing             done"]),
    ):
        monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
        progress = RichProgress(verbosity)
        progress.started("Installing")
        progress.output("+ one")
        progress.output("+ two")
        progress.finished("done")
        assert stream.getvalue().splitlines() == lines


def test_a_terminal_names_the_step_of_the_output_of_uv_too(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    progress = RichProgress(2)
    progress.started("Installing")
    progress.output("+ one")
    progress.close()
    assert stream.getvalue().index("Installing...") < stream.getvalue().index("+ one")
