"""Automation tasks in the manifest, and with a real worker."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from programs import CLI

from hatch_tilebox.archive.reader import read_manifest
from hatch_tilebox.compatibility.releases import compare_releases, compare_tasks
from hatch_tilebox.core.model import Task

pytestmark = pytest.mark.runtime

NAME = "tilebox.com/harvest-watch/"


def run(folder, env, *command):
    return subprocess.run([*CLI, *command], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def built(project, clean_env):
    folder = project("automations")
    done = run(folder, clean_env, "build")
    assert done.returncode == 0, done.stderr
    return folder, next((folder / "dist").glob("*.tbrelease")), done


def test_the_manifest_says_what_triggers_a_task_and_where_it_is(built, clean_env):
    folder, release, done = built
    tasks = {task.name.removeprefix(NAME): task for task in read_manifest(release).tasks}
    assert {name: task.trigger for name, task in tasks.items()} == {
        "NightlyReport": "cron",
        "LookAtScene": "storage-event",
        "CompareIndex": None,
        "Sealed": None,
    }
    assert set(tasks["NightlyReport"].input_schema["properties"]) == {"field", "days"}
    assert tasks["LookAtScene"].input_schema["type"] == "null"
    assert "type" not in tasks["Sealed"].input_schema
    assert "by a method of its own" in tasks["Sealed"].input_schema["description"]
    lines = (folder / "runner.py").read_text().splitlines()
    for name, task in tasks.items():
        assert task.source.path == "runner.py"
        assert lines[task.source.line - 1].startswith(f"class {name}(")
    assert "runner:NightlyReport  (cron)" in done.stderr
    assert "triggered by a cron schedule" in run(folder, clean_env, "inspect", str(release)).stdout


def test_a_cron_task_runs(built, clean_env):
    folder, release, _ = built
    given = json.dumps({"field": "north", "days": 3})
    arguments = ("run", str(release), "--task", "NightlyReport", "--input", given, "--follow", "--json")
    done = run(folder, clean_env, *arguments, "--trigger-time", "2026-08-01T06:00Z")
    assert done.returncode == 0, done.stderr
    tasks = json.loads(done.stdout)["tasks"]
    assert [task["logs"][0]["message"] for task in tasks] == ["north: 3 days before 2026-08-01 06:00", "compared north"]
    assert run(folder, clean_env, *arguments).returncode == 0, "without a time, it is triggered now"
    wrong = run(folder, clean_env, *arguments, "--trigger-time", "at dawn")
    assert wrong.returncode == 1
    assert "'at dawn' is not a time" in wrong.stderr
    assert "2026-08-01T06:00Z" in wrong.stderr


def test_a_storage_event_task_runs(built, clean_env):
    folder, release, _ = built
    (folder / "scenes").mkdir()
    (folder / "scenes/a.tif").write_bytes(b"scene")
    arguments = ("run", str(release), "--task", "LookAtScene", "--json")
    given = ("--object", "a.tif", "--location", "scenes", "--event", "created")
    done = run(folder, clean_env, *arguments, *given)
    assert done.returncode == 0, done.stderr
    (task,) = json.loads(done.stdout)["tasks"]
    assert [log["message"] for log in task["logs"]] == ["a.tif arrived", f"5 bytes in {folder / 'scenes'}"]
    missing = run(folder, clean_env, *arguments)
    assert missing.returncode == 1
    assert "is triggered by storage events, but no object is given" in missing.stderr
    nowhere = run(folder, clean_env, *arguments, "--object", "a.tif", "--location", "nowhere")
    assert "the storage location 'nowhere' is not a folder" in nowhere.stderr


def test_a_trigger_of_another_kind_is_refused(built, clean_env):
    folder, release, _ = built
    compare = ("run", str(release), "--task", "CompareIndex", "--input", "x")
    done = run(folder, clean_env, *compare, "--trigger-time", "2026-08-01")
    assert done.returncode == 1
    assert "is not triggered by a cron schedule" in done.stderr
    done = run(folder, clean_env, *compare, "--object", "a.tif")
    assert done.returncode == 1
    assert "is not triggered by storage events" in done.stderr


def test_inputs_that_tilebox_would_refuse(built, clean_env):
    folder, release, _ = built
    done = run(folder, clean_env, "run", str(release), "--task", "CompareIndex", "--input", "x" * 3000)
    assert done.returncode == 1
    assert "CompareIndex v1.0 has 3,002 bytes, but Tilebox accepts at most 2,048" in done.stderr
    given = json.dumps({"field": "x" * 2030, "days": 1})
    done = run(folder, clean_env, "run", str(release), "--task", "NightlyReport", "--input", given)
    assert done.returncode == 1
    assert "its largest field 'field' has 2,032" in done.stderr


def test_a_task_that_loses_its_trigger_breaks_jobs(built, clean_env):
    folder, release, _ = built
    old = read_manifest(release)
    code = folder / "runner.py"
    code.write_text(code.read_text().replace("LookAtScene(StorageEventTask)", "LookAtScene(Task)"))
    assert run(folder, clean_env, "build").returncode == 0
    comparison = compare_releases(old, read_manifest(release))
    (change,) = [change for change in comparison.tasks if change.kind == "breaking"]
    assert change.name == f"{NAME}LookAtScene"
    assert "trigger: storage-event -> none" in change.reasons


def test_other_changes_are_listed_beside_that_of_the_trigger():
    old = Task("a", "v1.0", {"type": "string"}, trigger="cron")
    (change,) = compare_tasks([old], [old._replace(trigger="storage-event", input_schema={"type": "null"})])
    assert change.reasons == ("trigger: cron -> storage-event", "input: string -> null")


def test_variables_that_the_code_read_are_in_the_manifest(built, clean_env):
    folder, release, _ = built
    with (folder / "runner.py").open("a") as file:
        file.write('import os\nREGION = os.environ["REGION"]\n')
    assert run(folder, clean_env, "build", "--env", "REGION=north", "--env", "UNUSED=1").returncode == 0
    assert read_manifest(release).environment == ("REGION",)
    assert "Environment  REGION" in run(folder, clean_env, "inspect", str(release)).stdout
    refused = run(folder, clean_env, "verify", str(release))
    assert refused.returncode == 1
    assert "needs the environment variable REGION from its runner, and it is not passed here" in refused.stderr
    assert run(folder, clean_env, "verify", str(release), "--env", "REGION=north").returncode == 0


HEAVY = """
import os
import signal


class Chain(Task):
    def execute(self, context: ExecutionContext) -> None:
        last = context.submit_subtask(CompareIndex("first"))
        for number in range(64):
            last = context.submit_subtask(CompareIndex(str(number)), depends_on=[last])


class Large(Task):
    def execute(self, context: ExecutionContext) -> None:
        context.submit_subtask(CompareIndex("x" * 3000))


class Killed(Task):
    def execute(self, context: ExecutionContext) -> None:
        print("printed before the end")
        os.kill(os.getpid(), signal.SIGKILL)


class Wide(Task):
    bands: str = "B01" * 1000

    def execute(self, context: ExecutionContext) -> None:
        pass


runner = Runner(tasks=[CompareIndex, Chain, Large, Killed, Wide])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_tilebox_refuses_and_what_kills_a_worker(built, clean_env):
    folder, release, _ = built
    code = folder / "runner.py"
    code.write_text(code.read_text() + HEAVY)
    done = run(folder, clean_env, "build")
    assert done.returncode == 0, done.stderr
    assert "Wide v0.0 with its default values has 3,0" in done.stderr
    for task, expected in (
        ("Chain", "it submits 65 task groups, but Tilebox accepts at most 64"),
        ("Large", "the input of the subtask tilebox.com/harvest-watch/CompareIndex v1.0 has 3,002 bytes"),
        ("Killed", "was killed by SIGKILL while it executed a task"),
    ):
        done = run(folder, clean_env, "run", str(release), "--task", task)
        assert done.returncode == 1
        assert expected in done.stderr
    assert "printed before the end" in done.stderr
    assert "likely ran out of memory" in done.stderr
