"""The command line in a shell: Ctrl-C, and a closed pipe."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from select import select

import pytest

# Makes the terminal the child's own, so that Ctrl-C typed there reaches it.
TERMINAL = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


def is_alive(pid):
    """Whether the process runs. One that is dead is listed until the parent that it got, init, has looked at it."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


@pytest.mark.runtime
def test_ctrl_c_in_a_build_leaves_nothing_behind(project, frontend_env, tmp_path):
    """Ctrl-C is sent while the import of the runner hangs."""
    folder = project("broken/runs_at_import")
    mark = tmp_path / "started"
    runner = folder / "runner.py"
    runner.write_text(f"open({str(mark)!r}, 'w').write(str(__import__('os').getpid()))\n{runner.read_text()}")
    process = subprocess.Popen(
        [sys.executable, "-m", "hatch_tilebox", "build", folder],
        env=frontend_env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (mark.exists() and mark.read_text()):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("Interrupted.\n")
    assert "Traceback" not in err
    assert [path.name for path in (folder / "dist").rglob("*")] == []
    assert not is_alive(int(mark.read_text()))


def test_a_closed_pipe_is_no_error(frontend_env):
    command = f"'{sys.executable}' -m hatch_tilebox schema release | head -c 1; echo \" ${{PIPESTATUS[0]}}\""
    done = subprocess.run(["bash", "-c", command], env=frontend_env, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("{")
    assert "Traceback" not in done.stderr


def test_a_terminal_gets_colours(frontend_env, tmp_path):
    """Errors look different on a real terminal: a pseudo-terminal is one."""
    main, other = pty.openpty()
    environment = {**frontend_env, "TERM": "xterm-256color", "COLUMNS": "60"}
    done = subprocess.run([sys.executable, "-m", "hatch_tilebox", "check", tmp_path], env=environment, stderr=other, check=False)
    os.close(other)
    text = b""
    while chunk := _read(main):
        text += chunk
    os.close(main)
    assert done.returncode == 1
    assert "\x1b[1;31merror[TBX001]\x1b[0m: " in text.decode()
    assert re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).startswith("error[TBX001]: no tilebox.workflow.toml in ")


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\x03", 130)], ids=["yes", "no", "ctrl-c"])
def test_adopt_asks_before_it_writes(frontend_env, tmp_path, answer, code):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "tide-gauge"\nversion = "0.1.0"\n')
    (tmp_path / "runner.py").write_text("from tilebox.workflows import Runner\nrunner = Runner(tasks=[])\n")
    main, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", TERMINAL, sys.executable, "-m", "hatch_tilebox", "adopt", tmp_path],
        env={**frontend_env, "TERM": "dumb"},
        stdin=other,
        stdout=other,
        stderr=other,
        start_new_session=True,
    ) as process:
        os.close(other)
        text = b""
        while not text.endswith(b"[y/N]: "):
            chunk = _read(main)
            assert chunk, text
            text += chunk
        os.write(main, answer.encode())
        # A Ctrl-C that comes just before Python reads waits for the next key: whoever sits there presses it again.
        while True:
            if not select([main], [], [], 5)[0]:
                os.write(main, answer.encode())
            elif not _read(main):
                break
    os.close(main)
    assert process.returncode == code
    assert b"+[tool.hatch.build.hooks.tilebox]" in text
    assert (tmp_path / "tilebox.workflow.toml").exists() == (answer == "y\n")


def _read(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # how Linux says that the other side is closed
        return b""
