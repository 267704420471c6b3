"""Start and end workers with the real SDK and real sockets."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest
from runtime_support import PROJECTS, discover, load, lock, processes_that

from hatch_tilebox.discovery import worker
from hatch_tilebox.discovery.cache import Cache
from hatch_tilebox.discovery.environment import environment_key, prepare, read_metadata

pytestmark = pytest.mark.runtime

TASKS = [("tilebox.com/tile-counter/CountTiles", "v1.0")]


@pytest.fixture
def project(tmp_path, shared, clean_env, monkeypatch):
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", clean_env["HATCH_TILEBOX_CACHE_DIR"])
    return lock(Path(shutil.copytree(PROJECTS / "custom_command", tmp_path / "project")), shared, clean_env)


@pytest.fixture
def start(project, tmp_path):
    """A function that starts the worker of `project`, in an environment of its own."""
    files, entries, workflow = load(project)
    metadata = read_metadata(files)
    folder = tmp_path / environment_key(files, entries, metadata, Cache(tmp_path / "cache"))
    environment = prepare(folder, files, entries, metadata, print)
    return lambda **options: worker.start_worker(environment, workflow, **options)


def test_tasks_and_shutdown(start, tmp_path):
    with start() as running:
        assert running.tasks() == TASKS
        assert running.about["sdk"]
        assert running.shutdown()
        finished = running.result()
    assert finished.returncode == 0
    assert finished.left_behind == ()
    assert not processes_that(str(tmp_path))


def test_calls_in_protobufs_json_form(start):
    """The client calls any method of the service, and a refusal is a separate error."""
    with start() as running:
        task = {"id": {"uuid": "AAAAAAAAAAAAAAAAAAAAAQ=="}, "identifier": {"name": TASKS[0][0], "version": "v1.0"}, "input": "Mw=="}
        answer = running.call("ExecuteTask", task, 30)
        assert list(answer) == ["failedTask"], "it was not initialized"
        with pytest.raises(worker.WorkerError) as error:
            running.call("InitializeWorker", {"runnerId": {"uuid": "AAE="}}, 30)
        assert error.value.code not in {worker.TIMEOUT, worker.ENDED, worker.CLIENT}
        assert running.tasks() == TASKS


def test_loopback_where_there_are_no_unix_sockets(start, monkeypatch):
    monkeypatch.delattr(socket, "AF_UNIX")
    with start() as running:
        assert running.tasks() == TASKS
        assert running.shutdown()


def test_a_folder_for_temporary_files_with_a_long_name(start, tmp_path, monkeypatch):
    """The path of a Unix socket is short, even with a long TMPDIR."""
    long = tmp_path / ("x" * 120)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with start() as running:
        assert running.tasks() == TASKS


def test_a_worker_that_nobody_asks_to_end_is_ended(start, tmp_path):
    with start() as running:
        assert running.tasks() == TASKS
    assert not processes_that(str(tmp_path))


def test_the_environment_of_the_worker(start, project):
    lines = []
    with start(on_line=lines.append, extra={"TILEBOX_API_URL": "http://127.0.0.1:9"}) as running:
        assert running.tasks() == TASKS
    assert not [line for line in lines if "Traceback" in line]


def test_command_project(project):
    discovery = discover(project)
    assert [(task.name, task.version) for task in discovery.tasks] == TASKS
    assert (discovery.tasks[0].input_schema, discovery.tasks[0].description, discovery.tasks[0].object) == (None, None, None)
    assert discovery.warnings == ()
    assert discover(project).cached


def test_command_without_a_project(tmp_path, shared, clean_env, monkeypatch):
    """A script that carries its own dependencies; the client beside it gets an environment from uv."""
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", clean_env["HATCH_TILEBOX_CACHE_DIR"])
    (tmp_path / "worker.py").write_text(
        '# /// script\n# requires-python = ">=3.10"\n# dependencies = ["tilebox-workflows"]\n# ///\n'
        "from tilebox.workflows import Runner, Task\n"
        "from tilebox.workflows.runner.worker_server import serve_runner\n\n\n"
        "class Count(Task):\n    def execute(self, context):\n        pass\n\n\nserve_runner(Runner(tasks=[Count]))\n"
    )
    config = '[workflow]\nslug = "script"\ncommand = ["uv", "run", "worker.py"]\n\n[build]\ninclude = ["worker.py"]\n'
    (tmp_path / "tilebox.workflow.toml").write_text(config)
    discovery = discover(tmp_path)
    assert [(task.name, task.version) for task in discovery.tasks] == [("Count", "v0.0")]
    assert "default task identifiers: Count" in str(discovery.warnings[0])
