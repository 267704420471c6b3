from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hatch_tilebox.discovery.process import ACTIVE_VARIABLE, KEPT_BYTES, Child, run

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and sessions")
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def python(code, tmp_path, **options):
    return run([sys.executable, "-c", code], folder=tmp_path, environment=dict(os.environ), **{"timeout": 60.0, **options})


def test_result(tmp_path):
    result = python("import os, sys; print(os.getcwd()); print('b', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (result.returncode, result.output, result.errors) == (3, f"{tmp_path.resolve()}\n", "b\n")
    assert not result.timed_out
    assert result.left_behind == ()


def test_guard_and_empty_stdin(tmp_path):
    result = python(f"import os, sys; print(len(os.environ['{ACTIVE_VARIABLE}']), repr(sys.stdin.read()))", tmp_path)
    assert result.output == "32 ''\n"


def test_only_the_end_of_much_output_is_kept(tmp_path):
    result = python("for i in range(200_000): print(i)", tmp_path)
    assert len(result.output) <= KEPT_BYTES
    assert result.output.endswith("\n199999\n")
    assert result.output.splitlines()[0].isdigit()


def test_binary_output_becomes_text(tmp_path):
    result = python("import os; os.write(1, bytes(range(256)))", tmp_path)
    assert "abc" in result.output
    assert "\x00" not in result.output
    assert "\x1b" not in result.output


def test_lines_as_they_come(tmp_path):
    lines = []
    python("import sys; print('one\\n\\n  two', file=sys.stderr); print('no')", tmp_path, on_line=lines.append)
    assert lines == ["one", "  two"]


@posix
def test_time_limit_tells_where(tmp_path):
    code = "import faulthandler, time; faulthandler.enable(); time.sleep(60)"
    result = python(code, tmp_path, timeout=1.0)
    assert result.timed_out
    assert 'File "<string>", line 1 in <module>' in result.errors


@linux
@pytest.mark.parametrize("session", [False, True])
def test_children_are_ended_and_named(tmp_path, session):
    child = "[sys.executable, '-c', 'import time; time.sleep(61)']"
    code = f"import subprocess, sys; subprocess.Popen({child}, start_new_session={session})"
    result = python(code, tmp_path)
    assert result.returncode == 0
    (command,) = result.left_behind
    assert command.endswith("-c import time; time.sleep(61)")
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"time.sleep(61)" in _read(path)]


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_program_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        run(["no-such-program"], folder=tmp_path, environment={}, timeout=1.0)


def test_a_conversation(tmp_path):
    answers = []
    code = "import sys\nfor line in sys.stdin: print(line.strip().upper(), flush=True)"
    command = [sys.executable, "-c", code]
    with Child(command, folder=tmp_path, environment=dict(os.environ), on_output=answers.append, stdin=True) as child:
        child.send(b"one")
        while not answers:
            assert not child.wait(0.01)
        assert not child.ended
    assert answers == ["ONE"]
    assert child.ended
