"""Plans, promotions and rollbacks, in the embedded store."""

from __future__ import annotations

import json

import pytest

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.core.model import Task
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.deployment import apply_plan, deploy_release, promote_release, roll_back, undeploy_release
from hatch_tilebox.publish.notes import DeploymentNotes, NotedRelease, VersionNotes
from hatch_tilebox.publish.plan import load_plan, make_plan, save_plan, show_plan
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.store import ReleaseStore

SLUG = "scene-qa-5y9aK2"
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
OLD = (Task("a.Kept", "v1.0", TEXT), Task("b.Gone", "v1.0", TEXT), Task("c.Input", "v1.0", TEXT), Task("d.Major", "v1.0", TEXT))
NEW = (Task("a.Kept", "v1.0", TEXT), Task("c.Input", "v1.0", NUMBER), Task("d.Major", "v2.0", TEXT), Task("e.New", "v1.0", TEXT))


@pytest.fixture
def store(tmp_path):
    return ReleaseStore(tmp_path / "store")


@pytest.fixture
def notes(tmp_path):
    return DeploymentNotes(tmp_path / "state" / "deployments.json")


@pytest.fixture
def publish(make_release, store):
    def publish(**options):
        local = open_release(make_release(**options))
        return publish_release(local, store, check_compatibility=False, allow_same_version=True).release

    return publish


class WithoutHistory(ReleaseStore):
    """A destination that keeps no history, like the Tilebox API."""

    def history(self, *_):
        return None


def test_a_plan_names_tasks_and_jobs(store, publish):
    old, new = publish(tasks=OLD), publish(tasks=NEW)
    deploy_release(store, old, ("staging",))
    (staging, empty) = make_plan(store, new, ("staging", "empty")).clusters
    assert (staging.now, staging.state) == (old.id, {SLUG: old.id})
    assert [(task.name, task.change, task.old, task.new, task.input, task.retry) for task in staging.tasks] == [
        ("b.Gone", "removed", "v1.0", None, "same", False),
        ("c.Input", "changed", "v1.0", "v1.0", "changed", False),
        ("d.Major", "changed", "v1.0", "v2.0", "same", False),
        ("e.New", "added", None, "v1.0", "same", None),
    ]
    assert (empty.now, {task.change for task in empty.tasks}) == (None, {"added"})
    assert store.cluster("staging").release_of(SLUG) == old.id


def test_without_manifests_versions_alone_are_compared(store, publish, monkeypatch):
    old, new = publish(tasks=OLD), publish(tasks=NEW)
    deploy_release(store, old, ("staging",))
    read = store.manifest
    tasks = {each.id: frozenset((task.name, task.version) for task in read(each).tasks) for each in (old, new)}
    monkeypatch.setattr(ReleaseStore, "manifest", lambda *_: None)
    monkeypatch.setattr(ReleaseStore, "tasks", lambda _self, _workflow, release: tasks[release])
    (plan,) = make_plan(store, new, ("staging",)).clusters
    assert [(task.name, task.input, task.retry) for task in plan.tasks] == [
        ("b.Gone", "same", False),
        ("d.Major", "unknown", False),
        ("e.New", "same", None),
    ]


def test_a_plan_names_conflicts(store, publish):
    deploy_release(store, publish(slug="other"), ("staging",))
    plan = make_plan(store, publish(), ("staging",))
    assert "already has task 'tests.Greet' v1.0 from workflow 'other'" in plan.clusters[0].conflicts[0]


def test_a_saved_plan_is_applied_once(store, publish, tmp_path):
    old, new = publish(tasks=OLD), publish(tasks=NEW)
    deploy_release(store, old, ("staging",))
    save_plan(make_plan(store, new, ("staging",)), tmp_path / "plan.json")
    plan = load_plan(tmp_path / "plan.json")
    assert apply_plan(store, plan).before == {"staging": old.id}
    with pytest.raises(
        PublishError, match=f"'staging' has changed since the plan: workflow '{SLUG}' had {old.id}, and now has {new.id}"
    ):
        apply_plan(store, plan)


def test_a_plan_is_refused_after_another_workflow_came(store, publish, tmp_path):
    save_plan(make_plan(store, publish(), ("staging",)), tmp_path / "plan.json")
    deploy_release(store, publish(slug="other", tasks=(Task("x.Y", "v1.0"),)), ("staging",))
    with pytest.raises(PublishError, match="workflow 'other' had no release"):
        apply_plan(store, load_plan(tmp_path / "plan.json"))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "url": 1, "workflow": "a", "release": "b", "clusters": []}']
)
def test_another_file_is_not_a_plan(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(PublishError, match="is not a deployment plan"):
        load_plan(tmp_path / "plan.json")


def test_a_release_is_promoted(store, publish):
    old, new = publish(tasks=OLD), publish(tasks=NEW)
    deploy_release(store, new, ("staging",))
    deploy_release(store, old, ("production",))
    done = promote_release(store, SLUG, ("staging",), ("production",))
    assert (done.release, done.before) == (new.id, {"production": old.id})
    assert done.back == (f"hatch-tilebox deploy --to {store.url} --workflow {SLUG} --release {old.id} --cluster production",)
    deploy_release(store, old, ("canary",))
    with pytest.raises(PublishError, match=f"staging has {new.id}, canary has {old.id}, other has none"):
        promote_release(store, SLUG, ("staging", "canary", "other"), ("production",))


def test_whatever_runs_there_is_removed(store, publish):
    old, new = publish(tasks=OLD), publish(tasks=NEW)
    deploy_release(store, old, ("staging",))
    deploy_release(store, new, ("canary",))
    done = undeploy_release(store, SLUG, None, ("staging", "canary", "empty"))
    assert done.before == {"staging": old.id, "canary": new.id, "empty": None}
    assert [line.partition("--release ")[2] for line in done.back] == [f"{old.id} --cluster staging", f"{new.id} --cluster canary"]
    assert all(store.cluster(slug).deployed == () for slug in ("staging", "canary"))


def test_a_rollback_follows_the_history_of_the_store(store, publish, notes):
    first, second, third = (publish(version=f"1.0.{n}") for n in range(3))
    for release in (first, second, second, third):
        deploy_release(store, release, ("staging",), notes=notes)
    done = roll_back(store, SLUG, ("staging",), notes=notes)
    assert done.source == "history"
    assert [each.release for each in done.deployments] == [second.id]
    assert not notes.path.exists()
    undeploy_release(store, SLUG, None, ("staging",))
    assert roll_back(store, SLUG, ("staging",), notes=notes).deployments[0].release == second.id
    with pytest.raises(PublishError, match=r"the history of .* has no earlier release of workflow .* on canary"):
        roll_back(store, SLUG, ("canary",), notes=notes)


def test_a_rollback_follows_the_note_where_there_is_no_history(store, publish, notes):
    old, new = (publish(version=f"1.0.{n}") for n in range(2))
    destination = WithoutHistory(store.root)
    deploy_release(destination, old, ("staging",))  # by another machine
    deploy_release(destination, new, ("staging",), notes=notes)
    done = roll_back(destination, SLUG, ("staging",), notes=notes)
    assert (done.source, done.deployments[0].release) == ("note", old.id)
    assert roll_back(destination, SLUG, ("staging",), notes=notes).deployments[0].release == new.id


def test_a_damaged_note_is_replaced(notes):
    notes.path.parent.mkdir()
    notes.path.write_text('{"a": 1, "b')
    notes.add("url", "staging", SLUG, (None, "x"))
    assert notes.read("url", "staging", SLUG) == ("x",)
    assert list(json.loads(notes.path.read_text()).values()) == [["x"]]


def test_the_note_of_versions_is_kept_by_destination_and_workflow(tmp_path):
    notes, noted = VersionNotes(tmp_path / "state/versions.json"), NotedRelease("1.0.0", "ab12")
    notes.add("https://a", SLUG, "x", noted)
    notes.add("https://a", SLUG, "y", NotedRelease("1.1.0", "cd34"))
    notes.add("https://a", SLUG, "x", noted)
    assert notes.read("https://a", SLUG) == {"x": noted, "y": NotedRelease("1.1.0", "cd34")}
    assert notes.read("https://b", SLUG) == notes.read("https://a", "other") == {}
    notes.path.write_text(json.dumps({f"https://a {SLUG}": ["x", "y 1", "z 1 2 3"]}))
    assert notes.read("https://a", SLUG) == {}


def test_a_plan_is_shown(store, publish):
    lines = []

    class Listener(Progress):
        shows_whole_ids = False

        def note(self, text):
            lines.append(text)

        def table(self, _header, rows):
            lines.extend(rows)

    old, new = publish(tasks=OLD), publish(tasks=NEW)
    deploy_release(store, old, ("staging",))
    listener, plan = Listener(), make_plan(store, new, ("staging",))
    show_plan(plan, listener)
    assert lines[0] == f"staging: {old.id[:8]} -> {new.id[:8]}"
    assert ("b.Gone", "v1.0", "", "removed", "same", "no") in lines
    assert "b.Gone: v1.0 is removed" in lines
    listener.shows_whole_ids = True
    show_plan(plan, listener)
    assert f"staging: {old.id} -> {new.id}" in lines
