"""`run` and `verify` again and again: the environment of the build, `--cold`, and `run --watch`."""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from runtime_support import PROJECTS, Events, lock, processes_that

from hatch_tilebox.discovery.cache import cache_info
from hatch_tilebox.local_run.execution import TaskCall, run_task
from hatch_tilebox.local_run.session import StartOptions
from hatch_tilebox.pipeline.verify import verify_release

pytestmark = pytest.mark.runtime

MADE, KEPT = "environment created", "environment kept from an earlier build"
AGAIN = "environment created again, because the kept one was changed"
LIMIT = 120.0
RUNNER = '''"""A task that ends, one that does not, and one that writes into the environment."""

from tilebox.workflows import ExecutionContext, Runner, Task


class Count(Task):
    """Count the bands of a scene."""

    def execute(self, context: ExecutionContext) -> None:
        context.logger.info("Counted")


class Install(Task):
    def execute(self, context: ExecutionContext) -> None:
        import sysconfig
        from pathlib import Path

        Path(sysconfig.get_path("purelib"), "unlocked.py").write_text("")


class Wait(Task):
    def execute(self, context: ExecutionContext) -> None:
        import time

        print("asleep", flush=True)
        time.sleep(600)


runner = Runner(tasks=[Count, Install, Wait])
'''


class Follower:
    """A command whose lines can be waited for. Use as a context manager, which kills it at the end."""

    def __init__(self, command, folder, env):
        self.process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        self.lines = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.thread.join()
        self.process.stdout.close()
        self.process.wait()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip())
        self.lines.put(None)

    def until(self, text):
        """The lines up to one that contains `text`."""
        found = []
        while (line := self.lines.get(timeout=LIMIT)) is not None:
            found.append(line)
            if text in line:
                return found
        return pytest.fail(f"{text!r} is not in {found}")


@pytest.fixture
def env(clean_env, tmp_path, monkeypatch):
    """A separate cache and temporary folder, here and in commands."""
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))
    return {**clean_env, "HATCH_TILEBOX_CACHE_DIR": str(tmp_path / "cache"), "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def project(tmp_path, shared, clean_env):
    """A project with the tasks of `RUNNER`."""
    folder = Path(shutil.copytree(PROJECTS / "broken/default_identifiers", tmp_path / "project"))
    (folder / "runner.py").write_text(RUNNER)
    return lock(folder, shared, clean_env)


@pytest.fixture
def release(project, env):
    """The release of the project, built with the separate cache."""
    subprocess.run([sys.executable, "-m", "hatch_tilebox", "build"], cwd=project, env=env, check=True, capture_output=True)
    (path,) = (project / "dist").glob("*.tbrelease")
    return path


def run(release, task="Count", **options):
    """The state of the job, and how the environment was prepared."""
    events = Events()
    result = run_task(release, TaskCall(task, options=StartOptions(**options)), events)
    return result.state, next(step for step in events.steps if "environment" in step)


def verify(release, **options):
    events = Events()
    result = verify_release(release, progress=events, **options)
    assert not result.problems
    return next(step for step in events.steps if "environment" in step)


def test_a_build_runs_and_verifications_share_an_environment(release):
    assert [run(release) for _ in range(2)] == [("completed", KEPT)] * 2
    assert verify(release) == KEPT
    assert run(release, cold=True) == ("completed", MADE)
    assert verify(release, cold=True) == MADE
    assert run(release) == ("completed", KEPT)
    assert cache_info().environments == 1


def test_the_environment_of_a_release_from_elsewhere_is_not_kept(release):
    shutil.rmtree(cache_info().path)
    assert [run(release)[1] for _ in range(2)] == [MADE, MADE]
    assert verify(release) == MADE
    assert cache_info().environments == 0


def test_a_task_that_changes_the_environment_changes_it_for_nobody_else(release):
    assert run(release, "Install") == ("completed", KEPT)
    state, prepared = run(release)
    assert state == "completed"
    assert AGAIN in prepared
    assert "unlocked.py" in prepared
    assert run(release) == ("completed", KEPT)


@pytest.mark.skipif(os.name == "nt", reason="needs process groups")
def test_another_task_need_not_wait(release, env):
    """A second run uses a copy, which is kept too. A run that is killed harms nothing."""
    command = [sys.executable, "-m", "hatch_tilebox", "run", release, "Wait"]
    with Follower(command, release.parent, env) as first:
        first.until("asleep")
        assert run(release) == ("completed", MADE)
        assert run(release) == ("completed", KEPT)
        assert cache_info().environments == 2
    assert run(release) == ("completed", KEPT)
    assert cache_info().environments == 2


@pytest.fixture
def watch(project, env, tmp_path):
    """`run --watch` in the project, and the folder for its temporary files."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "hatch_tilebox", "run", "--watch", "Count"]
    with Follower(command, project, {**env, "TMPDIR": str(scratch)}) as follower:
        yield follower, scratch


def edit(path, old, new):
    """Replace the file as editors do."""
    text = path.read_text()
    assert old in text
    temporary = path.with_name(f".{path.name}.swp")
    temporary.write_text(text.replace(old, new))
    temporary.replace(path)


@pytest.mark.skipif(os.name == "nt", reason="needs process groups")
def test_watch(watch, project):
    follower, scratch = watch
    code = project / "runner.py"
    assert "completed: 1 computed" in follower.until("Watching")
    (project / "notes.txt").write_text("not selected")
    edit(code, '"""Count the bands of a scene."""', '"""Count the bands of a scene."""\n    x = 1')
    assert follower.until("Watching")[0] == "Changed                runner.py"

    edit(code, "    x = 1", "    x = (")
    shown = "\n".join(follower.until("Watching"))
    assert re.search(r"error\[TBX\d+\]: importing `runner` fails: SyntaxError", shown)
    edit(code, "    x = (", "    x = 2")
    assert "completed: 1 computed" in follower.until("Watching")

    edit(project / "tilebox.workflow.toml", "[build]", "[build")
    assert "error[" in "\n".join(follower.until("Watching"))
    edit(project / "tilebox.workflow.toml", "[build", "[build]")
    assert "completed: 1 computed" in follower.until("Watching")

    (project / "added").mkdir()
    edit(project / "tilebox.workflow.toml", 'include = ["', 'include = ["added/*.py", "')
    follower.until("Watching")
    (project / "added" / "module.py").write_text("")
    assert "added/module.py" in "".join(follower.until("Watching"))

    os.killpg(follower.process.pid, signal.SIGINT)
    assert follower.until("Interrupted.")
    assert follower.process.wait(LIMIT) == 130
    assert processes_that(str(scratch)) == []
    assert [path for path in scratch.iterdir() if not path.name.startswith("uv-")] == []  # a lock of uv's own
