"""The output of a build."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from programs import printed

pytestmark = pytest.mark.frontends

HATCHLING = [sys.executable, "-m", "hatchling", "build", "-t", "tilebox"]


def run(command, folder, env, **extra):
    return printed(command, folder, {**env, **extra})


def test_each_step_has_its_line(project, frontend_env):
    output = run(["hatch", "build", "-t", "tilebox"], project("single_file"), frontend_env)
    lines = [line for line in output.splitlines() if line.startswith(("Selecting", "Asking", "  ", "Writing", "Digest", "dist/"))]
    lines = [line for line in lines if not line.endswith("...")]  # a step that took longer than 2 s
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
    assert output.startswith("warning[TBX032]: ")
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
    """Return the next bytes, or none if the other end is closed, which is an error on Linux."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


NOTE = "is a temporary folder: "


@pytest.mark.parametrize(
    ("command", "dropper"),
    [
        ([sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", "-w", "wheels", "."], "pip takes"),
        (["hatch", "build", "-t", "wheel"], "hatch, with another backend than its own, takes"),
        ([sys.executable, "-m", "build", "--wheel", "--no-isolation"], None),
        (["uv", "build", "-v"], None),
        (["uv", "build", "-v", "--wheel", "--out-dir", "{tmp}/out"], None),
    ],
    ids=["pip", "hatch", "build", "uv", "uv out-dir"],
)
def test_only_who_drops_the_release_says_so(project, frontend_env, tmp_path, command, dropper):
    """The projects of all tests lie below a temporary folder, as in containers and on CI machines."""
    folder = project("single_file")
    pyproject = (folder / "pyproject.toml").read_text()
    (folder / "pyproject.toml").write_text(pyproject.replace('"hatchling.build"', '"hatch_tilebox.backend"'))
    # The folder of another pip, as in a build that pip has started.
    tracker = {} if "pip" in command else {"PIP_BUILD_TRACKER": str(tmp_path)}
    output = run([part.format(tmp=tmp_path) for part in command], folder, frontend_env, **tracker)
    kept = [*folder.rglob("*.tbrelease"), *(tmp_path / "out").glob("*.tbrelease")]
    assert bool(kept) == (dropper is None)
    assert (NOTE in output) == (dropper is not None)
    assert not dropper or NOTE + dropper in output
    shown = [line.split()[-1] for line in output.splitlines() if "Release   " in line]
    assert [(folder / path).resolve() for path in shown] == [path.resolve() for path in kept]


def test_an_unchanged_build_says_so(project, clean_env):
    folder = project("single_file")
    assert "  unchanged, " not in run(HATCHLING, folder, clean_env)
    assert "unchanged, tide_gauge-0.1.0.tbrelease" in run(HATCHLING, folder, clean_env)


def test_a_release_that_output_dir_keeps_is_not_dropped(project, frontend_env):
    folder = project("single_file")
    command = [sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", "-w", "wheels", "."]
    output = run(command, folder, frontend_env, HATCH_TILEBOX_OUTPUT_DIR="releases")
    assert NOTE not in output
    assert list((folder / "releases").glob("*.tbrelease"))
