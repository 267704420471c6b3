"""Tasks of real releases, executed by real workers on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock
from output_schema import check_output
from runtime_support import PROJECTS, Events, lock, processes_that

from hatch_tilebox.cli.completions import task_names
from hatch_tilebox.cli.run_display import JobDisplay
from hatch_tilebox.cli.safe_console import SafeConsole
from hatch_tilebox.core.errors import ArchiveError, DiscoveryError, RunError
from hatch_tilebox.local_run.execution import TaskCall, Watcher, run_task
from hatch_tilebox.local_run.session import StartOptions
from hatch_tilebox.project.releases import built_release

pytestmark = pytest.mark.runtime

SCENE = {
    "scene_id": "a",
    "acquired": "2026-01-31T09:30:00Z",
    "footprint": {"west": 1, "south": 2, "east": 3, "north": 4},
    "level": "L2A",
}
OLD_COMPANIONS = ["opentelemetry-exporter-otlp-proto-http<1.42"]
"""The oldest SDK uses what a later OpenTelemetry no longer has."""
FLAT = {**SCENE, "scene_id": "flat", "footprint": {"west": 1, "south": 2, "east": 1, "north": 4}}


class Witness(Watcher):
    """Records all events."""

    def __init__(self):
        self.ended = []
        self.logs = []
        self.lines = []

    def task_ended(self, task, job):  # noqa: ARG002 -- the base class's signature
        self.ended.append((task.display, task.state))

    def log(self, record):
        self.logs.append((record.level, record.message))

    def output(self, line):
        self.lines.append(line)


@pytest.fixture(scope="module")
def release(shared, locked_project, frontend_env):
    """A function from the name of a test project to its release."""

    def build(name):
        folder = shared / "releases-to-run" / name
        folder.parent.mkdir(exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                command = ["hatch-tilebox", "build", locked_project(name), "--out", f"{folder}.tmp"]
                subprocess.run(command, env=frontend_env, check=True, capture_output=True)
                Path(f"{folder}.tmp").rename(folder)
        return next(folder.iterdir())

    return build


@pytest.fixture
def run(release):
    """A function that executes a task of a test project's release."""

    def execute(project, task=None, given=None, **options):
        data = given if given is None or isinstance(given, bytes) else json.dumps(given).encode()
        watching = {name: options.pop(name) for name in ("progress", "watcher") if name in options}
        return run_task(release(project), TaskCall(task, data, **options), **watching)

    return execute


def states(result):
    return [(task.display, task.state) for task in result.tasks]


def test_a_task_and_what_it_submits(run):
    result = run("scene_qa", "CheckCollection", {"scenes": [SCENE]})
    assert result.state == "started"
    assert states(result) == [("CheckCollection", "computed"), ("CheckScene", "queued"), ("Summarize", "queued")]
    root, check, summary = result.tasks
    assert json.loads(check.input)["scene"]["scene_id"] == "a"
    assert check.parent is root
    assert summary.depends_on == (check,)
    assert [(span.name, span.error) for span in result.spans] == [("task/CheckCollection", False)]
    assert (result.problems, result.warnings) == ((), ())


def test_a_job_is_followed_to_its_end(run):
    witness, events = Witness(), Events()
    result = run("scene_qa", "CheckCollection", {"scenes": [SCENE, SCENE]}, follow=True, watcher=witness, progress=events)
    assert result.state == "completed"
    assert [display for display, _ in witness.ended] == [
        "CheckCollection",
        *["CheckScene(a)", "CheckFootprint"] * 2,
        "Summarize",
    ]
    assert states(result) == witness.ended
    assert witness.logs == [
        *[("INFO", "Surface reflectance is at hand"), ("INFO", "Footprint is fine")] * 2,
        ("INFO", "Collection checked"),
    ]
    assert result.logs[-1].attributes == {"scenes": 2, "reviewers": 0}
    assert result.logs[-1].task == str(result.tasks[-1].id)
    assert {span.task for span in result.spans} == {str(task.id) for task in result.tasks}
    assert events.steps[::2] == ["Checking the archive", "Preparing the runtime", "Starting the worker"]


def test_a_failure_ends_the_job_and_shows_the_traceback(run):
    result = run("scene_qa", "CheckCollection", {"scenes": [FLAT, SCENE]}, follow=True)
    assert result.state == "failed"
    assert states(result) == [
        ("CheckCollection", "computed"),
        ("CheckScene(flat)", "computed"),
        ("CheckFootprint", "failed"),
        ("CheckScene", "queued"),
        ("Summarize", "queued"),
    ]
    (problem,) = result.problems
    assert "CheckFootprint (tilebox.com/scene-qa/CheckFootprint v1.0) failed: ValueError('empty footprint" in problem.message
    assert problem.details.splitlines()[1] == '  File "scene_qa/tasks.py", line 61, in execute'
    assert "executor.py" not in problem.details


def test_retries_optional_tasks_spans_progress_and_output(run):
    witness = Witness()
    result = run("tile_mosaic", "BuildMosaic", {"tiles": ["n", "s"], "flaky": 2}, follow=True, watcher=witness)
    assert result.state == "completed"
    assert states(result) == [
        ("BuildMosaic", "computed"),
        ("FetchTile(n)", "computed"),
        ("FetchTile(s)", "computed"),
        ("MergeTiles", "computed"),
        ("DrawThumbnail", "failed_optional"),
        ("PublishMosaic", "computed"),
    ]
    fetched = result.tasks[1]
    assert fetched.attempts == 3
    assert fetched.progress == (("bands", 2, 2),)
    downloads = [span for span in result.spans if span.name == "download"]
    parents = {span.id: span.name for span in result.spans}
    assert [span.error for span in downloads] == [True, True, False] * 2
    assert {parents[span.parent] for span in downloads} == {"task/FetchTile"}
    assert "mosaic.tif is ready" in witness.lines
    (doubt,) = result.warnings
    assert "the optional task DrawThumbnail failed: ZeroDivisionError" in doubt.message
    assert "tile_mosaic/mosaic.py" in doubt.details


def test_the_oldest_sdk(tmp_path, shared, frontend_env):
    """It submits, logs and traces as the newest does, and knows nothing of TILEBOX_API_URL."""
    project = Path(shutil.copytree(PROJECTS / "tile_mosaic", tmp_path / "old"))
    text = (project / "pyproject.toml").read_text()
    pinned = [f"tilebox-{name}==0.53.0" for name in ("workflows", "datasets", "grpc")] + OLD_COMPANIONS
    (project / "pyproject.toml").write_text(text.replace('["tilebox", "tilebox-workflows"]', json.dumps(pinned)))
    lock(project, shared, frontend_env)
    build = [sys.executable, "-m", "hatch_tilebox", "build", "--out", tmp_path / "out"]
    subprocess.run(build, cwd=project, env=frontend_env, check=True, capture_output=True)
    call = TaskCall("BuildMosaic", b'{"tiles": ["n", "s"], "flaky": 1}', follow=True)
    result = run_task(next((tmp_path / "out").iterdir()), call)
    assert result.state == "completed"
    assert [(task.attempts, task.state) for task in result.tasks[1:3]] == [(2, "computed")] * 2
    assert result.logs[-1].message == "Published"
    assert [span.name for span in result.spans].count("download") == 4


def test_too_many_failures(run):
    result = run("tile_mosaic", "BuildMosaic", {"tiles": ["n"], "flaky": 3}, follow=True)
    assert result.state == "failed"
    assert "FetchTile(n) (tilebox.com/tile-mosaic/FetchTile v1.2) failed after 3 attempts" in result.problems[0].message


@pytest.mark.parametrize("task", ["AskService", "AskServiceOverHttp"])
def test_what_needs_the_service_fails_and_says_so(run, task):
    result = run("tile_mosaic", task)
    assert result.state == "failed"
    (problem,) = result.problems
    assert "`hatch-tilebox run` has no Tilebox service: workflows.v1.JobService/GetJob needs the real one" in problem.message
    assert "workflows.v1.JobService/GetJob; deploy the release" in problem.hint


def test_a_key_of_the_user_stays_at_home(run, monkeypatch):
    """Tasks never reach the real service, even if its key is set, and never use a proxy."""
    monkeypatch.setenv("TILEBOX_API_KEY", "tbx-secret")
    monkeypatch.setenv("TILEBOX_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    result = run("tile_mosaic", "AskService")
    assert "needs the real one" in result.problems[0].message
    assert [record.message for record in result.logs] == ["Asking"]


def test_a_missing_cache(run):
    (problem,) = run("tile_mosaic", "UseCache").problems
    assert "NoCacheError" in problem.message
    assert problem.hint.startswith("give the runner a cache")


def test_a_worker_that_dies(run):
    witness = Witness()
    result = run("tile_mosaic", "EndProcess", signal.SIGKILL.value, watcher=witness)
    assert result.state == "failed"
    (problem,) = result.problems
    assert "the worker was killed by SIGKILL while it executed a task" in problem.message
    assert "it likely ran out of memory" in problem.hint
    assert "Ending now" in witness.lines  # printed without a flush


def test_a_worker_that_crashes(run):
    result = run("tile_mosaic", "EndProcess", signal.SIGSEGV.value)
    (problem,) = result.problems
    assert "the worker was killed by SIGSEGV while it executed a task" in problem.message
    assert "compiled code crashed" in problem.hint


def test_logs_stand_before_the_end_of_their_task(run, capsys):
    display = JobDisplay(0, SafeConsole(stderr=True))
    result = run("tile_mosaic", "BuildMosaic", {"tiles": ["n", "s"]}, follow=True, watcher=display)
    display.close()
    lines = capsys.readouterr().err.splitlines()
    assert result.state == "completed"
    for name in ("MergeTiles", "PublishMosaic"):
        (logged,) = (at for at, line in enumerate(lines) if f" INFO  {name}  " in line)
        assert lines[logged + 1].startswith(f"✓ {name}  ")
    assert re.search(r"^✓ FetchTile\(n\)  [\d.]+ m?s  bands: 2 of 2$", "\n".join(lines), re.MULTILINE)


def test_files_that_a_task_leaves(run):
    result = run("tile_mosaic", "LeaveFile")
    assert result.state == "completed"
    assert result.warnings[0].message == "the tasks wrote into the folder of the release: mosaic.tif"


def test_a_task_of_another_release(run):
    result = run("tile_mosaic", "SubmitElsewhere", follow=True)
    assert result.state == "started"
    assert "not among the tasks of this release: Unregistered v0.0" in result.problems[0].message


def test_many_subtasks(run):
    """Together they are larger than the part of a stream that is kept of other processes."""
    result = run("tile_mosaic", "SubmitMany", {"count": 300, "size": 2000})
    assert result.state == "started"
    assert [len(task.input) for task in result.tasks[1:]] == [2002] * 300


def test_a_subtask_with_a_large_input_fails_its_parent(run):
    result = run("tile_mosaic", "SubmitMany", {"count": 3, "size": 300_000}, follow=True)
    assert states(result) == [("SubmitMany", "failed")]
    (problem,) = result.problems
    assert "has 300,002 bytes, but Tilebox accepts at most 2,048" in problem.message
    assert "job cache" in problem.hint


def test_wire_bytes(run):
    result = run("tile_mosaic", "ReadTime", b"\x08\x2a")
    assert result.logs[0].attributes == {"seconds": 42}


def test_a_text_and_debug_messages(run):
    witness = Witness()
    result = run("tile_mosaic", "Chatter", b"no number", options=StartOptions(debug=True), watcher=witness)
    assert witness.logs == [("DEBUG", "Details"), ("WARN", "Careful"), ("ERROR", "No number")]
    assert 'File "tile_mosaic/hazards.py"' in result.logs[-1].stacktrace


def test_the_only_task_of_a_packaged_project(run):
    result = run("src_layout", None, {"nir": [0.4, 0.1], "swir": [0.1, 0.4]})
    assert result.state == "completed"
    assert result.logs[0].attributes == {"severity": "high"}
    assert result.warnings == ()  # what was built in the folder of the release is not the task's


def test_a_worker_command_of_the_project(run):
    """Nothing is known of the input, so it is passed on."""
    result = run("custom_command", "CountTiles", 3)
    assert result.logs[0].attributes == {"tiles": 64}
    failed = run("custom_command", "CountTiles", b"three")
    assert failed.state == "failed"


@pytest.mark.parametrize(
    ("task", "given", "message"),
    [
        ("CheckFootprint", {"west": "x"}, "west: expected number"),
        ("CheckFootprint", None, "takes an input"),
        ("Ping", 1, "takes no input"),
        ("Pign", None, "did you mean tilebox.com/scene-qa/Ping?"),
    ],
)
def test_mistakes_are_found_before_anything_starts(run, task, given, message):
    events = Events()
    with pytest.raises(RunError, match=message.replace("?", r"\?")):
        run("scene_qa", task, given, progress=events)
    assert "Preparing the runtime" not in events.steps


def test_an_archive_that_is_refused(tmp_path):
    (tmp_path / "x.tbrelease").write_bytes(b"no archive")
    with pytest.raises(ArchiveError):
        run_task(tmp_path / "x.tbrelease", TaskCall())


def test_a_worker_that_does_not_start(make_release):
    """The release has a pyproject.toml that names no project."""
    with pytest.raises(DiscoveryError):
        run_task(make_release(), TaskCall(None, b"hello"))


def command(release, *arguments, **options):
    return [sys.executable, "-m", "hatch_tilebox", "run", str(release), *arguments]


def call(env, release, *arguments, **options):
    return subprocess.run(command(release, *arguments), env=env, capture_output=True, text=True, check=False, **options)


def test_json(release, clean_env):
    done = call(
        clean_env,
        release("scene_qa"),
        "--task",
        "CheckScene",
        "--json",
        "--follow",
        "--input-file",
        "-",
        input=json.dumps({"scene": SCENE, "max_cloud_cover": 0.2}),
    )
    assert done.returncode == 0, done.stderr
    result = check_output("run", done.stdout)
    assert sorted(result) == ["state", "tasks"]
    assert result["state"] == "completed"
    check, footprint = result["tasks"]
    assert check["name"] == "tilebox.com/scene-qa/CheckScene"
    assert check["input"] == {"scene": SCENE, "max_cloud_cover": 0.2}
    assert footprint["parent"] == check["id"]
    assert footprint["logs"] == [{"level": "INFO", "message": "Footprint is fine", "attributes": {"area": 4.0}}]
    assert footprint["spans"][0]["start"] > check["spans"][0]["start"] == 0
    assert "Preparing the runtime" in done.stderr


def test_readable(release, clean_env, tmp_path):
    (tmp_path / "input.json").write_text(json.dumps({"scenes": [FLAT]}))
    arguments = ["--task", "CheckCollection", "--follow", "--input-file", tmp_path / "input.json"]
    done = call({**clean_env, "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}, release("scene_qa"), *arguments)
    assert done.returncode == 1
    lines = [re.sub(r"  [0-9.]+ m?s(?=  |$)", "", line).rstrip() for line in done.stdout.splitlines()]
    assert lines[:4] == [
        "✓ CheckCollection",
        "├── ✓ CheckScene(flat)",
        "│   └── ✗ CheckFootprint",
        '└── ○ Summarize  after CheckScene(flat)  {"checked": 1, "notes": {"reviewers": 0}}',
    ]
    assert lines[5].startswith("Timeline")
    assert lines[-1] == "failed: 2 computed, 1 failed, 1 queued"
    assert "error[TBX603]: CheckFootprint (tilebox.com/scene-qa/CheckFootprint v1.0) failed: ValueError" in done.stderr


def test_a_terminal_without_unicode(release, clean_env):
    done = call({**clean_env, "PYTHONIOENCODING": "ascii"}, release("scene_qa"), "-q", "--task", "Ping")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok Ping")
    assert done.stdout.isascii()
    assert done.stderr == ""


def test_standard_input_and_a_long_line(release, clean_env):
    text = "x" * 2_000
    done = call(clean_env, release("tile_mosaic"), "--task", "Chatter", "--input", "-", "--json", "-q", input=f"{text}\n")
    assert done.returncode == 0, done.stderr
    (task,) = check_output("run", done.stdout)["tasks"]
    assert task["input"] == text
    assert [record["level"] for record in task["logs"]] == ["WARN", "ERROR"]


def test_usage(release, clean_env):
    done = call(clean_env, release("scene_qa"), "--input", "1", "--input-file", "-")
    assert done.returncode == 2
    assert "cannot be used together" in done.stderr


def test_interrupted(release, clean_env, tmp_path):
    """Ctrl-C while a task runs: nothing is left, neither processes nor files."""
    project = Path(shutil.copytree(Path(__file__).parents[2] / "test_projects" / "single_file", tmp_path / "slow"))
    source = project / "runner.py"
    text = source.read_text().replace('"""Turn', '"""Sleep')
    source.write_text(
        text.replace(
            "        antenna_height_m = 12.5",
            "        import time\n\n        print('asleep', flush=True)\n        time.sleep(600)\n        antenna_height_m = 12.5",
        )
    )
    subprocess.run(["uv", "lock", "--quiet"], cwd=project, env=clean_env, check=True)
    build = [sys.executable, "-m", "hatch_tilebox", "build", "--out", tmp_path / "out"]
    subprocess.run(build, cwd=project, env=clean_env, check=True, capture_output=True)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    env = {**clean_env, "TMPDIR": str(scratch)}
    process = subprocess.Popen(
        command(next((tmp_path / "out").iterdir()), "--input", "3"),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stderr:
        if "asleep" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    for _ in range(100):
        if not processes_that(str(scratch)):
            break
        time.sleep(0.1)
    assert processes_that(str(scratch)) == []
    assert [path for path in scratch.iterdir() if not path.name.startswith("uv-")] == []  # a lock of uv's own


def test_the_project_is_built_when_it_has_changed(project, clean_env):
    """Without a file: the release of the current folder, built only if it is missing or out of date."""
    folder = project("scene_qa")

    def call_here(*arguments, cwd=folder):
        line = [sys.executable, "-m", "hatch_tilebox", *arguments]
        return subprocess.run(line, cwd=cwd, env=clean_env, capture_output=True, text=True, check=False)

    first = call_here("run", "classify", "histogram.cloud=3", "histogram.clear=9")
    assert first.returncode == 0, first.stderr
    assert "Writing the release" in first.stderr
    assert "valid_share=0.75" in first.stderr
    again = call_here("-C", str(folder), "inspect", "--json", cwd=folder.parent)
    assert "scene_qa-1.2.0.tbrelease is up to date" in again.stderr
    assert "tilebox.com/scene-qa/Classify" in task_names(folder)
    code = folder / "scene_qa/tasks.py"
    code.write_text(f"{code.read_text()}\nCHANGED = True\n")
    assert built_release(folder) is None
    unpacked = call_here("extract", "--to", "unpacked")
    assert "Writing the release" in unpacked.stderr
    assert "CHANGED" in (folder / "unpacked/scene_qa/tasks.py").read_text()
