"""The manifest and its identity."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatch_tilebox.core.model import FileEntry, Project, ReleaseManifest, Task, Workflow, canonical_json, release_filename

MANIFEST = ReleaseManifest.of(
    Workflow("scene-qa", runner="scene_qa.runner:runner"),
    Project("scene-qa", "1.0", ">=3.10"),
    [Task("b", "v1.0"), Task("a", "v1.2", {"type": "string"}, "Checks a scene.", "scene_qa.tasks:Check")],
    [FileEntry("scene_qa/ä.py", 3, "0644", "a" * 64), FileEntry("run.sh", 5, "0755", "b" * 64)],
)


def test_canonical_json_has_one_spelling():
    assert canonical_json({"b": "ä", "a": [1, None]}) == '{"a":[1,null],"b":"ä"}\n'.encode()
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json(float("nan"))


def test_manifest_orders_tasks_and_files():
    assert [task.name for task in MANIFEST.tasks] == ["a", "b"]
    assert [file.path for file in MANIFEST.files] == ["run.sh", "scene_qa/ä.py"]


def test_manifest_survives_its_json():
    assert ReleaseManifest.from_dict(json.loads(MANIFEST.to_json())) == MANIFEST


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4, unique=True), st.sampled_from([1, 2]))
@example(['"', "\\", "\n\x7f\u2028", '",[]},"é'], 2)
@example([], 2)
def test_json_and_fingerprint_are_canonical_json(paths, form):
    files = [FileEntry(path, number, "0644", f"{number:064x}") for number, path in enumerate(paths)]
    manifest = ReleaseManifest.of(MANIFEST.workflow, MANIFEST.project, MANIFEST.tasks, files)._replace(format=form)
    assert manifest.to_json() == canonical_json(manifest.to_dict())
    identity = {
        "tasks": [[task.name, task.version] for task in manifest.tasks],
        "files": [[file.path, file.mode, file.sha256] for file in manifest.files],
        "runner": manifest.workflow.runner,
        "command": None,
    }
    assert manifest.fingerprint == hashlib.sha256(canonical_json(identity)).hexdigest()


def test_fingerprint_is_over_identity_only():
    """The version of the project, its slug and the tasks' descriptions do not decide how a release behaves."""
    other = ReleaseManifest.of(
        Workflow("other", runner="scene_qa.runner:runner"),
        Project("other", "2.0"),
        [Task("b", "v1.0"), Task("a", "v1.2")],
        MANIFEST.files,
    )
    assert other.fingerprint == MANIFEST.fingerprint
    for changed in (
        ReleaseManifest.of(Workflow("scene-qa", runner="x:y"), MANIFEST.project, MANIFEST.tasks, MANIFEST.files),
        ReleaseManifest.of(Workflow("scene-qa", command=("x",)), MANIFEST.project, MANIFEST.tasks, MANIFEST.files),
        ReleaseManifest.of(MANIFEST.workflow, MANIFEST.project, MANIFEST.tasks[:1], MANIFEST.files),
        ReleaseManifest.of(MANIFEST.workflow, MANIFEST.project, MANIFEST.tasks, MANIFEST.files[:1]),
    ):
        assert changed.fingerprint != MANIFEST.fingerprint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "format is 3"),
        ({"fingerprint": "0" * 64}, "fingerprint is"),
        ({"extra": 1}, "manifest must be an object of"),
        ({"workflow": {"slug": "a", "runner": ""}}, "workflow.runner must be a string"),
        ({"workflow": {"slug": "a", "command": []}}, "workflow.command must not be empty"),
        ({"tasks": {}}, "tasks must be an array"),
        ({"requires": {"environment": ["B", "A"], "python": None}}, "requires.environment must be sorted"),
        ({"requires": {"environment": ["A;B"], "python": None}}, "requires.environment must be the name"),
        ({"requires": {"python": None}}, "requires must be an object of environment, python"),
        ({"extensions": []}, "extensions must be an object"),
        ({"tasks": [{**MANIFEST.to_dict()["tasks"][0], "trigger": "timer"}]}, r"tasks\[0\].trigger must be 'cron' or"),
        ({"tasks": [{**MANIFEST.to_dict()["tasks"][0], "trigger": ["cron"]}]}, r"tasks\[0\].trigger must be a string"),
        ({"tasks": [{**MANIFEST.to_dict()["tasks"][0], "trigger": {}}]}, r"tasks\[0\].trigger must be a string"),
        ({"tasks": [{**MANIFEST.to_dict()["tasks"][0], "source": {"path": "a.py", "line": 0}}]}, r"tasks\[0\].source.line"),
        ({"tasks": [{**MANIFEST.to_dict()["tasks"][0], "source": {"path": "../x.py", "line": 1}}]}, "with sources among the files"),
        ({"files": [{"path": "a", "size": True, "mode": "0644", "sha256": "0" * 64}]}, r"files\[0\].size"),
        ({"files": [{"path": "a", "size": 1, "mode": "0600", "sha256": "0" * 64}]}, r"files\[0\].mode"),
        ({"files": list(reversed(MANIFEST.to_dict()["files"]))}, "must be sorted"),
    ],
)
def test_manifest_of_another_shape_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        ReleaseManifest.from_dict({**MANIFEST.to_dict(), **change})


@pytest.mark.parametrize(
    ("table", "key", "values"),
    [
        ("project", "name", ["/tmp/outside/abs", "..", "../x", "a/b", "-a", "a\n", "\u017fcene", "a b", "", 3, "a" * 2000]),
        ("project", "version", ["1/../2", "../1", "one", " 1", "1\n", "1+\u017f", "9" * 5000, "1.0\x1b[31m", "1+" + "a" * 250]),
        ("requires", "python", ["3.10", ">=3.10 --index x", ">=3.10\n", 3]),
        ("workflow", "slug", ["../x", "a/b", "a.b", "a\n", "ä", "a" * 101, ""]),
        ("workflow", "runner", ["-h", "--module:x", "a", "a:", "a:b;c", "a b:c", "a:b\n"]),
    ],
)
def test_names_versions_slugs_and_runners_follow_their_rules(table, key, values):
    data = MANIFEST.to_dict()
    for value in values:
        with pytest.raises(ValueError, match=rf"^{table}\.(name and project\.)?{key} "):
            ReleaseManifest.from_dict({**data, table: {**data[table], key: value}})


@pytest.mark.parametrize("version", ["1", "v1", "v1.x", "v1.0\n", "v" + "9" * 5000 + ".0", "1.0"])
def test_versions_of_tasks_follow_their_rule(version):
    data = MANIFEST.to_dict()
    with pytest.raises(ValueError, match=r"tasks\[0\]\.version must be of the form v1\.0"):
        ReleaseManifest.from_dict({**data, "tasks": [{**data["tasks"][0], "version": version}]})


def test_release_is_named_like_the_wheel():
    assert release_filename(Project("Scene.QA-tools", "1.0+local.1")) == "scene_qa_tools-1.0+local.1.tbrelease"


def test_format_1_is_read_and_written_as_it_was():
    old = MANIFEST._replace(format=1)
    data = old.to_dict()
    assert data["project"]["requires_python"] == MANIFEST.project.requires_python
    assert not {"requires", "extensions"} & data.keys()
    assert not {"trigger", "source"} & data["tasks"][0].keys()
    assert ReleaseManifest.from_dict(data) == old
    assert old.fingerprint == MANIFEST.fingerprint


def test_extensions_are_kept():
    data = {**MANIFEST.to_dict(), "extensions": {"acme.example": {"reviewed": True}}}
    assert ReleaseManifest.from_dict(data).to_dict() == data
