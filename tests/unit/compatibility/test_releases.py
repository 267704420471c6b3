"""What changed between two releases, and whether submitted jobs still run."""

from __future__ import annotations

import pytest

from hatch_tilebox.compatibility.releases import compare_files, compare_packages, compare_releases, compare_tasks
from hatch_tilebox.core.model import FileEntry, Project, ReleaseManifest, Task, Workflow

INTEGER = {"type": "integer"}
STRING = {"type": "string"}
SCENE_ID = {"type": "string", "pattern": "^S"}


def scene(**properties):
    return {"type": "object", "properties": properties, "required": list(properties)}


def change(old_version, new_version, old_schema=STRING, new_schema=STRING):
    (found,) = compare_tasks([Task("scenes/Check", old_version, old_schema)], [Task("scenes/Check", new_version, new_schema)])
    return found


@pytest.mark.parametrize(
    ("versions", "schemas", "kind", "reasons", "needs", "violation"),
    [
        (("v1.2", "v1.2"), (STRING, STRING), "unchanged", (), None, False),
        (("v1.2", "v1.2"), (STRING, {**STRING, "title": "Scene", "default": "a"}), "unchanged", (), None, False),
        (("v1.2", "v1.3"), (STRING, STRING), "compatible", (), None, False),
        (("v1.2", "v1.3"), (INTEGER, {"type": "number"}), "compatible", (), None, False),
        (("v1.2", "v1.2"), (INTEGER, {"type": "number"}), "compatible", (), "v1.3", False),
        (("v1.2", "v1.1"), (STRING, STRING), "breaking", ("v1.2 -> v1.1: the version was lowered",), "v1.2", False),
        (("v2.0", "v1.9"), (STRING, STRING), "breaking", ("v2.0 -> v1.9: the version was lowered",), "v2.0", False),
        (
            ("v1.2", "v2.0"),
            (STRING, STRING),
            "breaking",
            ("v1.2 -> v2.0: jobs submitted as v1 no longer run",),
            None,
            False,
        ),
        (
            ("v1.2", "v2.0"),
            (STRING, INTEGER),
            "breaking",
            ("v1.2 -> v2.0: jobs submitted as v1 no longer run", "input: string -> integer"),
            None,
            False,
        ),
        (
            ("v1.2", "v1.2"),
            (scene(scene_id=STRING), scene(scene_id=INTEGER)),
            "breaking",
            ("scene_id: string -> integer",),
            "v2.0",
            True,
        ),
        (
            ("v1.2", "v1.3"),
            (scene(scene_id=STRING), scene(scene_id=STRING, cloud_cover=INTEGER)),
            "breaking",
            ("cloud_cover: new and without default",),
            "v2.0",
            True,
        ),
        (("v1.0", "v1.1"), (SCENE_ID, {**STRING, "pattern": "^S2"}), "undecided", ("input: must match '^S2' now",), None, False),
        (("v1.0", "v1.1"), (None, STRING), "undecided", ("input: described by one of the releases only",), None, False),
        (("v1.0", "one"), (STRING, STRING), "undecided", ("v1.0 -> one: a version must be vMAJOR.MINOR",), None, False),
    ],
)
def test_verdict_of_a_task(versions, schemas, kind, reasons, needs, violation):
    found = change(*versions, *schemas)
    assert (found.kind, found.reasons, found.needs, found.violation) == (kind, reasons, needs, violation)


def test_tasks_of_a_custom_command_go_by_their_version():
    assert change("v1.0", "v1.0", None, None).kind == "unchanged"
    found = change("v1.0", "v1.1", None, None)
    assert (found.kind, found.not_compared) == ("compatible", ("input: not described by either release",))


def test_task_that_is_gone_breaks_and_a_new_one_does_not():
    changes = compare_tasks([Task("a", "v1.0"), Task("b", "v1.0")], [Task("b", "v1.0"), Task("c", "v1.0")])
    assert [(found.name, found.kind, found.reasons) for found in changes] == [
        ("a", "breaking", ("v1.0 is removed",)),
        ("b", "unchanged", ()),
        ("c", "added", ()),
    ]


def test_old_major_version_kept_beside_a_new_one_is_compatible():
    changes = compare_tasks(
        [Task("a", "v1.4", STRING)], [Task("a", "v2.0", INTEGER), Task("a", "v1.5", STRING), Task("a", "v1.10", INTEGER)]
    )
    assert [(found.kind, found.new.version) for found in changes] == [("compatible", "v1.5"), ("added", "v1.10"), ("added", "v2.0")]


def release(*tasks, files=()):
    return ReleaseManifest.of(Workflow("scenes", runner="a:b"), Project("scenes", "1.0"), tasks, files)


def test_verdict_of_a_release():
    old, file = release(Task("a", "v1.0", STRING)), FileEntry("a.py", 1, "0644", "a" * 64)
    assert compare_releases(old, old).verdict == "identical"
    assert compare_releases(old, release(Task("a", "v1.0", STRING), files=[file])).verdict == "compatible"
    assert compare_releases(old, release(Task("a", "v1.0", STRING), Task("b", "v1.0"))).verdict == "compatible"
    assert compare_releases(old, release(Task("a", "v1.1", {**INTEGER, "not": {"const": 1}}))).verdict == "breaking"
    broken = compare_releases(old, release(Task("a", "v1.1", INTEGER)))
    assert (broken.verdict, [task.name for task in broken.violations]) == ("breaking", ["a"])
    assert not compare_releases(old, release(Task("a", "v2.0", INTEGER))).violations


def test_files_are_compared_by_content_and_mode():
    same, gone = FileEntry("a", 1, "0644", "a" * 64), FileEntry("b", 1, "0644", "b" * 64)
    before, after, added = (
        FileEntry("c", 1, "0644", "c" * 64),
        FileEntry("c", 1, "0755", "c" * 64),
        FileEntry("ä", 1, "0644", "d" * 64),
    )
    changes = compare_files([same, gone, before], [same, after, added])
    assert [(found.path, found.old, found.new) for found in changes] == [
        ("b", gone, None),
        ("c", before, after),
        ("ä", None, added),
    ]


def test_packages_are_compared_by_their_versions():
    changes = compare_packages(
        {"numpy": ["1.26", "2.1"], "affine": ["2"], "attrs": ["25"]}, {"numpy": ["2.1", "1.26"], "affine": ["3"], "zipp": ["3"]}
    )
    assert [(found.name, found.old, found.new) for found in changes] == [
        ("affine", ("2",), ("3",)),
        ("attrs", ("25",), ()),
        ("zipp", (), ("3",)),
    ]
