"""Releases for tests of reports: two versions of one workflow, made by hand, and a run of it."""

from __future__ import annotations

from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.model import FileSet, Project, ReleaseManifest, SelectedFile, Source, Task, Workflow, release_filename

PATH = "scene_qa/tasks.py"
SOURCE = """\
from tilebox.workflows import Task
from scene_qa import scenes

class Check(Task):
    def execute(self, context):
        checks = context.submit_subtasks([CheckScene(scene) for scene in self.scenes])
        context.submit_subtask(Report(), depends_on=checks)

class CheckScene(Task):
    def execute(self, context):
        pass

class Report(Task):
    def execute(self, context):
        pass
"""
SCENE = {
    "type": "object",
    "title": "Scene",
    "properties": {"scene_id": {"type": "string"}, "level": {"enum": ["L1C", "L2A"], "default": "L1C"}},
    "required": ["scene_id"],
}
CHECK = {
    "type": "object",
    "properties": {
        "scenes": {"type": "array", "items": {"$ref": "#/$defs/Scene"}},
        "max_cloud_cover": {"type": "number", "default": 0.3},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "dry_run": {"type": "boolean", "default": False},
        "limit": {"type": "integer", "minimum": 1},
    },
    "required": ["scenes", "limit"],
    "$defs": {"Scene": SCENE},
}
LOCK = """\
version = 1

[[package]]
name = "scene-qa"
version = "1.0.0"
source = { virtual = "." }
dependencies = [
    { name = "numpy", version = "VERSION", source = { registry = "https://pypi.org/simple" } },
    { name = "tilebox-workflows" },
    { name = "colorama", marker = "sys_platform == 'win32'" },
]

[package.dev-dependencies]
dev = [{ name = "pytest" }]
docs = [{ name = "zensical" }]
"""


def package(name, version, *wheels, needs=(), sdist=0):
    lines = [f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "https://pypi.org/simple" }}']
    if needs:
        lines.append(f"dependencies = [{', '.join(f'{{ name = {other!r} }}' for other in needs)}]".replace("'", '"'))
    if sdist:
        lines.append(f'sdist = {{ url = "https://files.example/{name}-{version}.tar.gz", size = {sdist} }}')
    lines.append("wheels = [")
    lines += [
        f'    {{ url = "https://files.example/{name.replace("-", "_")}-{version}-{tags}.whl", size = {size} }},'
        for tags, size in wheels
    ]
    return "\n".join([*lines, "]", ""])


NUMPY = {
    "2.4.0": package("numpy", "2.4.0", ("cp314-cp314-manylinux_2_27_x86_64", 14_000_000)),
    "2.5.0": package("numpy", "2.5.0", ("cp314-cp314-manylinux_2_27_x86_64", 15_000_000), ("cp314-cp314-win_amd64", 99_000_000)),
}
OTHERS = (
    package("tilebox-workflows", "0.66.0", ("py3-none-any", 300_000), needs=("grpcio",)),
    package("grpcio", "1.85.0", ("cp314-cp314-win_amd64", 9_000_000), sdist=12_000_000),
    package("colorama", "0.4.6", ("py2.py3-none-any", 25_000)),
    package("pytest", "9.0.0", ("py3-none-any", 400_000)),
    package("zensical", "0.1.1", ("py3-none-any", 8_000_000)),
)


def lock(numpy="2.5.0", *more):
    """A lock in which the project takes a version of numpy; it has `more` versions of it."""
    return LOCK.replace("VERSION", numpy) + "".join([*(NUMPY[version] for version in (numpy, *more)), *OTHERS])


def tasks(**changes):
    """The tasks of the sample; `changes` replaces the schema of `Check`, or its version."""
    return (
        Task(
            "acme.org/scene-qa/Check",
            changes.get("version", "v1.0"),
            changes.get("schema", CHECK),
            "Check all scenes.",
            "scene_qa.tasks:Check",
            None,
            Source(PATH, 4),
        ),
        Task("acme.org/scene-qa/CheckScene", "v1.0", {**SCENE}, None, "scene_qa.tasks:CheckScene", None, Source(PATH, 9)),
        Task("acme.org/scene-qa/Nightly", "v1.0", {"type": "string"}, None, "scene_qa.tasks:Nightly", "cron", Source(PATH, 1)),
        Task("acme.org/scene-qa/Report", "v1.0", {"type": "null"}, None, "scene_qa.tasks:Report", None, Source(PATH, 13)),
        Task("acme.org/scene-qa/Watch", "v1.0", {"type": "null"}, None, "scene_qa.tasks:Watch", "storage-event", Source(PATH, 1)),
    )


def release(folder, version="1.0.0", *, of=None, contents=None, environment=("S3_BUCKET",), slug="scene-qa-5y9aK2"):
    """Write a release into `folder` and return the path of its archive."""
    if contents is None:
        contents = {"pyproject.toml": b"[project]\n", PATH: SOURCE.encode(), "uv.lock": lock().encode()}
    files = []
    for path, data in sorted(contents.items(), key=lambda item: item[0].encode()):
        on_disk = folder / "tree" / version / path
        on_disk.parent.mkdir(parents=True, exist_ok=True)
        on_disk.write_bytes(data)
        files.append(SelectedFile(path, str(on_disk), len(data)))
    selected = FileSet(folder / "tree" / version, tuple(files))
    project = Project("scene-qa", version, ">=3.10")
    workflow = Workflow(slug, runner="scene_qa.runner:runner")
    manifest = ReleaseManifest.of(workflow, project, tasks() if of is None else of, hash_files(selected), environment)
    return write_archive(manifest, selected, folder / release_filename(project)).path


def next_release(folder):
    """Write a release that breaks jobs of the first one: `limit` is a string, and `region` is new and required."""
    properties = {**CHECK["properties"], "limit": {"type": "string"}, "region": {"type": "string"}}
    schema = {**CHECK, "properties": properties, "required": ["scenes", "limit", "region"]}
    contents = {
        "pyproject.toml": b"[project]\n# next\n",
        PATH: SOURCE.replace("pass", "return").encode(),
        "uv.lock": lock("2.4.0").encode(),
    }
    return release(folder, "1.1.0", of=tasks(schema=schema), contents=contents)


def job_task(number, name, **values):
    task = {
        "id": f"0000-{number}",
        "name": f"acme.org/scene-qa/{name}",
        "version": "v1.0",
        "display": name,
        "state": "computed",
        "parent": None,
        "depends_on": [],
        "input": None,
        "attempts": 1,
        "seconds": 0.5,
        "error": None,
        "stacktrace": None,
        "progress": [],
        "logs": [],
        "spans": [],
    }
    return {**task, **values}


def span(name, start, end, error=False):  # noqa: FBT002 -- as in the output
    return {"name": name, "start": start, "end": end, "error": error}


def job():
    """The output of `run --json`: a retry, a dependency, logs, and a task of another release."""
    trace = 'Traceback (most recent call last):\n  File "scene_qa/tasks.py", line 11, in execute\nTimeoutError: no answer'
    logs = [{"level": "WARN", "message": "No answer yet", "attributes": {"scene": "a", "exception.type": "TimeoutError"}}]
    spans = [span("task/CheckScene", 1, 2, error=True), span("download", 1.2, 1.9, error=True), span("task/CheckScene", 3, 4)]
    return {
        "state": "completed",
        "tasks": [
            job_task(1, "Check", input={"scenes": [{"scene_id": "a"}], "limit": 3}, spans=[span("task/Check", 0, 1)]),
            job_task(
                2,
                "CheckScene",
                parent="0000-1",
                attempts=2,
                error="TimeoutError('no answer')",
                stacktrace=trace,
                logs=logs,
                spans=spans,
                progress=[{"label": "bands", "done": 1, "total": 2}],
            ),
            job_task(3, "CheckScene", parent="0000-1", spans=[span("task/CheckScene", 4, 5)]),
            job_task(4, "Report", parent="0000-1", depends_on=["0000-2", "0000-3"], spans=[span("task/Report", 5, 6)]),
            job_task(5, "Archive", parent="0000-4", state="queued", attempts=0),
        ],
    }
