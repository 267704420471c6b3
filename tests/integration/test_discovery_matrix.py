"""Discovery with SDKs from the oldest that has `Runner` to the newest, on every installed Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from runtime_support import PROJECTS, discover, interpreter, lock

from hatch_tilebox.core.model import Project, ReleaseManifest, Workflow
from hatch_tilebox.discovery.worker import IN_WORKFLOW

pytestmark = pytest.mark.runtime

MATRIX = [
    ("3.10", "==0.53.0"),
    ("3.10", ""),
    ("3.11", "==0.57.0"),
    ("3.11", ""),
    ("3.12", "==0.60.0"),
    ("3.12", ""),
    ("3.13", "==0.53.0"),
    ("3.13", ""),
    ("3.14", ""),
]
EXTRA = {
    "": ["attrs", "async-geotiff; python_version >= '3.11'", "odc-geo", "rasterio"],
    "==0.53.0": ["opentelemetry-exporter-otlp-proto-http<1.42"],
}
"""The newest comes with all that it has codecs for; the oldest uses what a later OpenTelemetry no longer has."""
EXPECTED = [
    ("tilebox.com/scene-qa/CheckCollection", "v1.1"),
    ("tilebox.com/scene-qa/CheckFootprint", "v1.0"),
    ("tilebox.com/scene-qa/CheckScene", "v1.0"),
    ("tilebox.com/scene-qa/Classify", "v2.0"),
    ("tilebox.com/scene-qa/Ping", "v1.0"),
    ("tilebox.com/scene-qa/Summarize", "v1.0"),
]


AUTOMATIONS = """
from tilebox.workflows import ExecutionContext, Runner, Task
from tilebox.workflows.automations import CronTask, StorageEventTask


class Nightly(CronTask):
    days: int = 7

    def execute(self, context: ExecutionContext) -> None:
        pass


class Arrived(StorageEventTask):
    def execute(self, context: ExecutionContext) -> None:
        print(f"{self.trigger.location} in {self.trigger.storage.location}", flush=True)


class Plain(Task):
    def execute(self, context: ExecutionContext) -> None:
        pass


runner = Runner(tasks=[Nightly, Arrived, Plain])
"""


@pytest.fixture
def on(tmp_path, shared, clean_env, monkeypatch):
    """A function from a Python and a requirement of the SDK to `scene_qa`, locked for them."""
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", clean_env["HATCH_TILEBOX_CACHE_DIR"])

    def make(python, sdk):
        found = interpreter(python)
        if found is None:
            pytest.skip(f"no Python {python} here")
        monkeypatch.setenv("UV_PYTHON", found)
        folder = tmp_path / f"scene_qa-{python}"
        shutil.copytree(PROJECTS / "scene_qa", folder)
        text = (folder / "pyproject.toml").read_text()
        companions = ("tilebox-workflows", "tilebox-datasets", "tilebox-grpc")  # an old one needs the others of its time
        wanted = ", ".join(
            f'"{name}"' for name in (*(f"{name}{sdk}" for name in companions), "hypothesis", "jsonschema", *EXTRA.get(sdk, ()))
        )
        text = text.replace('"tilebox", "tilebox-workflows"', wanted).replace('">=3.10"', f'"=={python}.*"')
        (folder / "pyproject.toml").write_text(text)
        return lock(folder, shared, {**clean_env, "UV_PYTHON": found})

    return make


@pytest.mark.parametrize(("python", "sdk"), MATRIX)
def test_both_levels_agree_and_schemas_hold(python, sdk, on, clean_env):
    folder = on(python, sdk)
    discovery = discover(folder, level="worker")
    assert [(task.name, task.version) for task in discovery.tasks] == EXPECTED
    assert discovery.python.startswith(f"{python}.")
    assert discovery.warnings == ()
    assert not sdk or sdk == f"=={discovery.sdk}"
    assert {task.object for task in discovery.tasks if task.name.endswith("Ping")} == {"scene_qa.tasks:Ping"}
    assert next(task.description for task in discovery.tasks) == "Check every scene of a collection, then summarize."

    environment = next(
        project.parent.parent
        for project in Path(clean_env["HATCH_TILEBOX_CACHE_DIR"], "environments").glob("*/project/pyproject.toml")
        if project.read_bytes() == (folder / "pyproject.toml").read_bytes()
    )
    interpreters = [path for path in (environment / "env/bin/python", environment / "env/Scripts/python.exe") if path.exists()]
    script = Path(__file__).with_name("schema_properties.py")
    result = subprocess.run(
        [interpreters[0], "-W", "ignore", script, IN_WORKFLOW, "10"],
        env=clean_env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    if not sdk:
        missing = "missing: tilebox.workflows._codecs.async_geotiff" if python == "3.10" else "none missing"
        assert f" codecs; {missing}\n" in result.stdout


@pytest.mark.parametrize(
    ("python", "sdk"), [("3.13", "==0.53.0"), ("3.11", "==0.57.0"), ("3.12", "==0.60.0"), ("3.13", "==0.65.0")]
)
def test_triggers_of_older_sdks(python, sdk, on, clean_env, tmp_path):
    folder = on(python, sdk)
    (folder / "scene_qa/runner.py").write_text(AUTOMATIONS)
    triggers = {task.object.rpartition(":")[2]: task.trigger for task in discover(folder).tasks}
    assert triggers == {"Nightly": "cron", "Arrived": "storage-event", "Plain": None}

    command = [sys.executable, "-m", "hatch_tilebox"]
    done = subprocess.run(
        [*command, "build", folder, "--out", tmp_path], env=clean_env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    arguments = ["--task", "Arrived", "--object", "a.tif", "--location", tmp_path]
    release = next(tmp_path.glob("*.tbrelease"))
    done = subprocess.run([*command, "run", release, *arguments], env=clean_env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"a.tif in {tmp_path}" in done.stderr


def test_schemas_are_the_same_on_every_python(on):
    """One SDK, several Pythons: the manifest has the same bytes."""
    pythons = [python for python in ("3.11", "3.12", "3.13", "3.14") if interpreter(python)]
    found = {}
    for python in pythons:
        tasks = discover(on(python, "==0.66.0")).tasks
        manifest = ReleaseManifest.of(Workflow("x", "scene_qa.runner:runner"), Project("x", "1"), tasks, [])
        found[python] = manifest.to_json()
    assert len(pythons) > 1
    assert len({*found.values()}) == 1
