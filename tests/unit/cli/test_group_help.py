"""The help and the version are printed without click, and are what click prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hatch_tilebox.cli.app import app
from hatch_tilebox.cli.group_help import ABOUT, COMMANDS, EPILOG, GROUPS, MAX_WIDTH, OPTIONS, group_help

MAIN = "from hatch_tilebox.cli import main; main()"
FULL = Path("/dev/full")


def test_the_options_are_those_of_the_group():
    context = app.make_context("hatch-tilebox", [], resilient_parsing=True)
    assert dict(filter(None, (parameter.get_help_record(context) for parameter in app.get_params(context)))) == OPTIONS


def test_the_help_is_what_click_would_write_at_any_width(monkeypatch):
    for columns in (*range(1, 121), 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        formatter = click.Context(app, max_content_width=MAX_WIDTH).make_formatter()
        formatter.write_usage("hatch-tilebox", "[OPTIONS] COMMAND [ARGS]...")
        write_paragraphs(formatter, "\n\n".join(ABOUT))
        with formatter.section("Options"):
            formatter.write_dl([*OPTIONS.items()])
        for group, commands in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(max(map(len, COMMANDS))), text) for name, text in commands.items()])
        write_paragraphs(formatter, EPILOG)
        assert formatter.getvalue() == group_help(columns)


def write_paragraphs(formatter, text):
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(text)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals for Python")
@pytest.mark.parametrize("variable", [{}, {"COLUMNS": "70"}, {"COLUMNS": "0"}, {"COLUMNS": "wide"}])
@pytest.mark.parametrize("columns", [0, 60, 130])
def test_on_a_terminal(columns, variable, clean_env):
    click, ours = (on_terminal(arguments, columns, {**clean_env, **variable}) for arguments in (["-C", ".", "-h"], ["-h"]))
    assert ours == click
    assert "Usage: " in ours


def on_terminal(arguments, columns, env):
    """What the command prints on a terminal with this width; a width of 0 is one that the system does not know."""
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50 if columns else 0, columns, 0, 0))
    with subprocess.Popen([sys.executable, "-c", MAIN, *arguments], stdout=slave, env=env) as process:
        os.close(slave)
        found = b""
        try:
            while part := os.read(master, 4096):
                found += part
        except OSError:  # how Linux says that the other side is closed
            pass
    os.close(master)
    assert process.returncode == 0
    return found.decode()


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"], ["--version"], ["-V"]])
def test_neither_imports_click_or_what_it_does_not_need(arguments):
    code = f"import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n{MAIN}"
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    names = set(done.stderr.split())
    assert not names & {"click", "dataclasses", "gettext", "shutil", "typing", "rich"}
    assert {name for name in names if name.startswith("hatch_tilebox")} <= {
        "hatch_tilebox",
        "hatch_tilebox.cli",
        "hatch_tilebox.cli.group_help",
    }


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_a_closed_pipe_ends_it_without_a_message(option, clean_env):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", MAIN, option]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=clean_env, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error(clean_env):
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "-h"], stdout=full, stderr=subprocess.PIPE, env=clean_env, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "error: the system refuses this: No space left on device\n")
