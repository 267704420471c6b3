"""What a user sees of a build."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.frontends

HATCHLING = [sys.executable, "-m", "hatchling", "build", "-t", "tilebox"]


def run(command, folder, env, **extra):
    result = subprocess.run(command, cwd=folder, env={**env, **extra}, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_each_step_has_its_line(project, frontend_env):
    output = run(["hatch", "build", "-t", "tilebox"], project("single_file"), frontend_env)
    lines = [line for line in output.splitlines() if line.startswith(("Selecting", "Asking", "  ", "Writing", "Digest", "dist/"))]
    starts = [line.split("  ")[0] or line.split()[0] for line in lines]
    assert starts == [
        "Selecting files",
        "Asking for the tasks",
        "Task",
        "tilebox.com/tide-gauge/ReadGauge",
        "Writing the release",
        "Digest",
        "dist/tide_gauge-0.1.0.tbrelease",
    ]
    assert "sha256:" in lines[5]
    assert "\x1b" not in "".join(lines)


def test_quiet_says_nothing(project, frontend_env):
    assert "Selecting" not in run(["hatch", "-q", "build", "-t", "tilebox"], project("single_file"), frontend_env)


def test_quiet_keeps_warnings(project, clean_env):
    folder = project("single_file")
    (folder / "uv.lock").unlink()
    output = run(HATCHLING, folder, clean_env, HATCH_QUIET="1")
    assert output.startswith("warning: ")
    assert "uv.lock" in output
    assert "Selecting" not in output


def test_verbose_names_files_and_fingerprint(project, frontend_env):
    output = run(["hatch", "-v", "build", "-t", "tilebox"], project("single_file"), frontend_env)
    assert "  runner.py (" in output
    assert "  fingerprint " in output


def test_colours_can_be_forced_and_refused(project, clean_env):
    folder = project("single_file")
    assert "\x1b[32mSelecting files" in run(HATCHLING, folder, clean_env, FORCE_COLOR="1")
    assert "\x1b" not in run(HATCHLING, folder, clean_env, FORCE_COLOR="1", NO_COLOR="1")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_terminal_gets_colours(project, clean_env):
    ours, theirs = os.openpty()
    folder = project("single_file")
    with subprocess.Popen(
        HATCHLING, cwd=folder, env={**clean_env, "TERM": "xterm"}, stdout=theirs, stderr=theirs, stdin=theirs
    ) as child:
        os.close(theirs)
        seen = b""
        while chunk := read(ours):
            seen += chunk
        assert child.wait() == 0
    os.close(ours)
    assert b"\x1b[32mSelecting files" in seen
    assert b"\r\x1b[K" in seen


def read(descriptor):
    """The next bytes; none once the other side is closed, which Linux reports as an error."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
