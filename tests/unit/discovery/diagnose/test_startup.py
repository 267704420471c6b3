from __future__ import annotations

from pathlib import Path

import pytest

from hatch_tilebox.core.errors import Location
from hatch_tilebox.discovery.diagnose.context import Paths
from hatch_tilebox.discovery.diagnose.startup import describe_stack


@pytest.fixture
def paths(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/runner.py").write_text("import time\n\ndef go():\n    time.sleep(9)\n\ngo()\n")
    return Paths(tmp_path / "project", tmp_path / "env")


def stack(paths, *frames):
    lines = "\n".join(f'  File "{file}", line {line} in {name}' for file, line, name in frames)
    other = '  File "/x/threading.py", line 3 in wait'
    head = "(most recent call first):"
    return f"Timeout (0:00:03)!\n\nThread 0x00aa {head}\n{other}\n\nThread 0x00bb {head}\n{lines}\n"


def test_frames_of_the_project_outermost_first(paths):
    code = paths.project / "runner.py"
    library = paths.prefix / "lib/site-packages/lib.py"
    text = stack(
        paths, (library, 7, "inner"), (library, 8, "outer"), (code, 4, "go"), (code, 6, "<module>"), ("<frozen importlib>", 1, "x")
    )
    described, place = describe_stack(text, paths)
    assert described == (
        'File "runner.py", line 6, in <module>\n  go()\nFile "runner.py", line 4, in go\n  time.sleep(9)\n'
        f"inside inner ({Path('<environment>/lib/site-packages/lib.py')}:7)"
    )
    assert place == Location("runner.py", 4)


def test_a_built_in_function_has_no_frame(paths):
    described, _ = describe_stack(stack(paths, (paths.project / "runner.py", 4, "go")), paths)
    assert described == 'File "runner.py", line 4, in go\n  time.sleep(9)'


@pytest.mark.parametrize(
    "text", ["", "nothing of that kind", 'Thread 0x1 (most recent call first):\n  File "/x/y.py", line 3 in z\n']
)
def test_no_frame_of_the_project(text, paths):
    assert describe_stack(text, paths) == (None, None)


def test_a_source_that_is_not_there(paths):
    described, place = describe_stack(stack(paths, (paths.project / "gone.py", 4, "go")), paths)
    assert described == 'File "gone.py", line 4, in go'
    assert place == Location("gone.py", 4)
