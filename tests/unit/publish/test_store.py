from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from at_once import at_once

from hatch_tilebox.core.errors import PublishError
from hatch_tilebox.core.model import Task
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.deployment import deploy_release, undeploy_release
from hatch_tilebox.publish.fetch import fetch_release, select_published
from hatch_tilebox.publish.files import shared_lock
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.store import ReleaseStore


def publish(path, root, **options):
    return publish_release(open_release(path), ReleaseStore(root), **options)


def snapshot(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_release_is_published_once(make_release, tmp_path):
    path, root = make_release(), tmp_path / "store"
    first = publish(path, root)
    there = snapshot(root)
    second = publish(path, root)
    assert (first.created, second.created) == (True, False)
    assert first.release == second.release
    assert snapshot(root) == there


def test_the_record_says_what_was_published(make_release, tmp_path):
    path, root = make_release(), tmp_path / "store"
    local = open_release(path)
    publication = publish(path, root)
    assert publication.release.digest == local.artifact.sha256
    assert publication.release.fingerprint == local.manifest.fingerprint
    assert publication.release.version == "1.0.0"
    assert ReleaseStore(root).manifest(publication.release) == local.manifest
    report = publication.to_dict()
    assert report["id"] == publication.release.id
    assert report["url"].startswith("file://")


def test_releases_are_listed_latest_first(make_release, tmp_path):
    root = tmp_path / "store"
    ids = [publish(make_release(version=f"1.0.{n}"), root).release.id for n in range(3)]
    other = publish(make_release(slug="other"), root).release.id
    assert [release.id for release in ReleaseStore(root).releases("scene-qa-5y9aK2")] == ids[::-1]
    assert {release.id for release in ReleaseStore(root).releases(None)} == {*ids, other}


def test_the_latest_is_found_without_reading_the_others(make_release, tmp_path):
    root = tmp_path / "store"
    first, last = (publish(make_release(version=f"1.0.{n}"), root).release for n in range(2))
    deploy_release(ReleaseStore(root), last, ["staging"])
    next(root.rglob(f"*-{first.id}.json")).write_text("{}")
    latest = ReleaseStore(root).latest(first.workflow)
    assert latest == replace(last, clusters=("staging",))
    assert select_published(ReleaseStore(root), first.workflow, None) == latest
    assert ReleaseStore(root).latest("other") is None
    with pytest.raises(PublishError, match="is not a record of a release"):
        ReleaseStore(root).releases(first.workflow)


def test_a_limited_list_reads_only_what_it_returns(make_release, tmp_path):
    root = tmp_path / "store"
    old, *others = (publish(make_release(version=f"1.0.{n}"), root).release for n in range(3))
    next(root.rglob(f"*-{old.id}.json")).write_text("{}")
    assert ReleaseStore(root).newest(old.workflow, 2) == (others[::-1], 3)
    assert ReleaseStore(root).with_version(old.workflow, "1.0.1") == [others[0]]
    with pytest.raises(PublishError, match="is not a record of a release"):
        ReleaseStore(root).with_version(old.workflow, "1.0.0")


def test_workflows_are_listed_by_time(make_release, tmp_path):
    root, times = tmp_path / "store", {"a": "2025-01-02T00:00:00Z", "b": "2025-01-03T00:00:00Z", "c": "2025-01-01T00:00:00Z"}
    for slug, time_ in times.items():
        publish(make_release(slug=slug), root)
        (record,) = root.joinpath("workflows", slug).glob("*.json")
        record.write_text(json.dumps({**json.loads(record.read_text()), "created_at": time_}))
    assert [release.workflow for release in ReleaseStore(root).releases(None)] == ["b", "a", "c"]
    assert [release.workflow for release in ReleaseStore(root).newest(None, 2)[0]] == ["b", "a"]


def test_long_versions_that_begin_alike_are_told_apart(make_release, tmp_path):
    store, long = ReleaseStore(tmp_path / "store"), "1.0+" + "x" * 120
    paths = [make_release(version=f"{long}{n}", content=b"%d" % n) for n in range(2)]
    for number, path in enumerate(paths):
        release = publish(path, store.root).release
        assert store.with_version(release.workflow, f"{long}{number}") == [release]
    assert store.with_version(release.workflow, long) == []


def test_fetch_gives_the_latest_or_the_one_named(make_release, tmp_path):
    root, store = tmp_path / "store", ReleaseStore(tmp_path / "store")
    paths = [make_release(version=f"1.0.{n}", content=b"%d" % n) for n in range(2)]
    published = [publish(path, root).release for path in paths]
    latest = fetch_release(store, select_published(store, None, None), tmp_path / "a")
    assert latest.artifact.path.read_bytes() == paths[1].read_bytes()
    for selector in (published[0].id, "1.0.0", published[0].digest[:8], published[0].fingerprint[:10]):
        named = fetch_release(store, select_published(store, None, selector), tmp_path / "b")
        assert named.artifact.path.read_bytes() == paths[0].read_bytes()


def test_an_unknown_release_is_answered_with_what_is_there(make_release, tmp_path):
    publish(make_release(), tmp_path)
    with pytest.raises(PublishError, match=r"no release '9\.9'(.|\n)*latest are 1\.0\.0 \("):
        select_published(ReleaseStore(tmp_path), None, "9.9")


def test_several_workflows_must_be_told_apart(make_release, tmp_path):
    publish(make_release(), tmp_path)
    publish(make_release(slug="other"), tmp_path)
    with pytest.raises(PublishError, match="several workflows: other, scene-qa"):
        select_published(ReleaseStore(tmp_path), None, None)
    assert select_published(ReleaseStore(tmp_path), "other", None).workflow == "other"


def test_an_empty_store_says_so(tmp_path):
    with pytest.raises(PublishError, match="has no release of workflow 'x'"):
        select_published(ReleaseStore(tmp_path / "none"), "x", None)
    assert not (tmp_path / "none").exists()


def test_fetch_refuses_a_damaged_archive(make_release, tmp_path):
    release = publish(make_release(), tmp_path / "store").release
    blob = next((tmp_path / "store/blobs").rglob(release.digest))
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    with pytest.raises(PublishError, match="not " + release.digest):
        fetch_release(ReleaseStore(tmp_path / "store"), release, tmp_path / "to")
    assert list((tmp_path / "to").iterdir()) == []


def test_fetch_leaves_another_build_alone(make_release, tmp_path):
    path = make_release()
    release = publish(path, tmp_path / "store").release
    mine = tmp_path / "to" / path.name
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(PublishError, match="is another build"):
        fetch_release(ReleaseStore(tmp_path / "store"), release, mine.parent)
    assert mine.read_bytes() == b"mine"
    assert len(list(mine.parent.iterdir())) == 1


def test_publishing_again_mends_a_damaged_store(make_release, tmp_path):
    path = make_release()
    release = publish(path, tmp_path).release
    blob = next((tmp_path / "blobs").rglob(release.digest))
    blob.write_bytes(b"bit rot")
    again = publish(path, tmp_path)
    assert (again.created, again.release) == (False, release)
    assert blob.read_bytes() == path.read_bytes()


def test_a_folder_of_other_things_is_no_store(make_release, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(PublishError, match="is not a release store, and it is not empty"):
        publish(make_release(), tmp_path)
    with pytest.raises(PublishError, match="is not a release store"):
        ReleaseStore(tmp_path / "thesis.txt").releases(None)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_store_of_another_format_is_left_alone(make_release, tmp_path):
    (tmp_path / "tilebox-store.json").write_text('{"format": 2}')
    with pytest.raises(PublishError, match="format is 2; this version knows 1"):
        publish(make_release(), tmp_path)


def test_a_dry_run_makes_nothing(make_release, tmp_path):
    root = tmp_path / "store"
    publication = publish(make_release(), root, dry_run=True)
    assert (publication.created, publication.release) == (True, None)
    assert not root.exists()


def test_an_archive_that_changes_meanwhile_is_not_registered(make_release, tmp_path):
    local = open_release(make_release())
    local.artifact.path.write_bytes(b"something else")
    with pytest.raises(PublishError, match="changed while it was published"):
        publish_release(local, ReleaseStore(tmp_path))
    assert ReleaseStore(tmp_path).releases(None) == []
    assert not any(path.is_file() for path in (tmp_path / "blobs").rglob("*"))


def test_abandoned_uploads_are_removed(make_release, tmp_path):
    publish(make_release(), tmp_path)
    old, new = tmp_path / "incoming/old", tmp_path / "incoming/new"
    for path in (old, new):
        path.write_bytes(b"part")
    os.utime(old, (time.time() - 2 * 24 * 3600,) * 2)
    publish(make_release(version="2.0.0"), tmp_path)
    assert (old.exists(), new.exists()) == (False, True)


def test_the_upload_tells_its_progress(make_release, tmp_path):
    seen = []

    class Listener(Progress):
        def transferred(self, done, total):
            seen.append((done, total))

    path = make_release()
    publish_release(open_release(path), ReleaseStore(tmp_path), progress=Listener())
    assert seen == [(path.stat().st_size, path.stat().st_size)]


def _publish(path, root):
    publication = publish(path, root)
    return publication.release.id, publication.created


def test_twenty_processes_make_one_release(make_release, tmp_path):
    outcomes = at_once(_publish, make_release(), tmp_path / "store")
    assert len({identifier for identifier, _ in outcomes}) == 1
    assert [created for _, created in outcomes].count(True) == 1
    assert len(ReleaseStore(tmp_path / "store").releases(None)) == 1
    assert not list((tmp_path / "store/incoming").iterdir())


_CRASH = """
import os, signal, sys
from pathlib import Path
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.store import ReleaseStore
calls = 0
def count(event, args):
    global calls
    if event in {"open", "os.rename", "os.mkdir", "os.remove", "fcntl.flock"} and armed:
        calls += 1
        if calls == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
armed = False
sys.addaudithook(count)
local = open_release(Path(sys.argv[1]))
import filelock, json, uuid, datetime, secrets, hatch_tilebox.publish.files
armed = True
publish_release(local, ReleaseStore(Path(sys.argv[2])))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills with a signal")
def test_a_crash_at_any_point_loses_and_doubles_nothing(make_release, tmp_path):
    path, crashes = make_release(), 0
    for step in range(1, 100):
        root = tmp_path / str(step)
        done = subprocess.run([sys.executable, "-c", _CRASH, path, root, str(step)], check=False)
        for release in ReleaseStore(root).releases(None):
            assert (root / "blobs/sha256" / release.digest[:2] / release.digest).read_bytes() == path.read_bytes()
        publish(path, root)
        assert len(ReleaseStore(root).releases(None)) == 1
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        crashes += 1
    assert crashes > 8


def test_records_whose_names_lack_the_version_are_read(make_release, tmp_path):
    release = publish(make_release(), tmp_path).release
    (record,) = (tmp_path / "workflows").rglob("*.json")
    record.rename(record.with_name(f"{record.name.partition('-')[0]}-{release.id}.json"))
    store = ReleaseStore(tmp_path)
    assert store.releases(None) == store.with_version(release.workflow, release.version) == [release]
    assert store.latest(release.workflow) == publish(make_release(), tmp_path).release == release


def test_a_version_is_selected_without_reading_other_releases(make_release, tmp_path):
    store = ReleaseStore(tmp_path)
    wanted = publish(make_release(version="1.2.0"), tmp_path).release
    other = publish(make_release(version="1.3.0"), tmp_path).release
    next((tmp_path / "workflows").rglob(f"*{other.id}.json")).write_text("{}")
    assert select_published(store, wanted.workflow, "1.2.0") == wanted
    with pytest.raises(PublishError, match="is not a record of a release"):
        select_published(store, wanted.workflow, wanted.id[:8])


def test_a_record_that_is_none_is_named(make_release, tmp_path):
    publish(make_release(), tmp_path)
    record = next((tmp_path / "workflows").rglob("*.json"))
    record.write_text(json.dumps({"id": 1}))
    with pytest.raises(PublishError, match=f"{record.name} is not a record of a release"):
        ReleaseStore(tmp_path).releases(None)


def test_a_release_is_deployed_replaced_and_taken_off(make_release, tmp_path):
    store = ReleaseStore(tmp_path / "store")
    old, new = (publish(make_release(version=f"1.0.{n}"), store.root).release for n in range(2))
    first = deploy_release(store, old, ("staging", "production"))
    assert (first.clusters, first.before) == (("staging", "production"), {"staging": None, "production": None})
    second = deploy_release(store, new, ("staging",))
    assert second.before == {"staging": old.id}
    assert second.back == (
        f"hatch-tilebox deploy --to {store.url} --workflow scene-qa-5y9aK2 --release {old.id} --cluster staging",
    )
    assert [release.clusters for release in store.releases(None)] == [("staging",), ("production",)]
    (deployed,) = store.cluster("production").deployed
    assert (deployed.release, deployed.tasks) == (old.id, {("tests.Greet", "v1.0")})
    undeploy_release(store, old.workflow, old.id, ("staging", "production"))
    assert [release.clusters for release in store.releases(None)] == [("staging",), ()]


def test_the_default_cluster_is_meant_where_none_is_named(make_release, tmp_path):
    store = ReleaseStore(tmp_path / "store")
    release = publish(make_release(), store.root).release
    assert deploy_release(store, release, ()).clusters == ("default",)
    assert undeploy_release(store, release.workflow, release.id, ()).before == {"default": release.id}


def test_a_cluster_takes_a_task_from_one_workflow_only(make_release, tmp_path):
    store = ReleaseStore(tmp_path / "store")
    mine, other = (publish(make_release(slug=slug), store.root).release for slug in ("mine", "other"))
    third = publish(make_release(slug="third", tasks=(Task("tests.Other", "v1.0"),)), store.root).release
    deploy_release(store, mine, ("staging",))
    with pytest.raises(PublishError, match=r"already has task 'tests.Greet' v1.0 from workflow 'mine'"):
        deploy_release(store, other, ("staging",))
    deploy_release(store, third, ("staging",))
    assert [deployed.workflow for deployed in store.cluster("staging").deployed] == ["mine", "third"]


@pytest.mark.parametrize("slug", ["../workflows", "a b", "x" * 101, ".lock"])
def test_a_cluster_that_is_no_slug_is_refused(make_release, tmp_path, slug):
    store = ReleaseStore(tmp_path / "store")
    release = publish(make_release(), store.root).release
    before = snapshot(store.root)
    with pytest.raises(PublishError, match="is not a cluster: it must be a slug"):
        deploy_release(store, release, (slug,))
    with pytest.raises(PublishError, match="is not a cluster: it must be a slug"):
        undeploy_release(store, release.workflow, release.id, (slug,))
    assert snapshot(store.root) == before


def test_deployments_side_by_side_end_as_one_of_them(make_release, tmp_path):
    store = ReleaseStore(tmp_path / "store")
    releases = [publish(make_release(version=f"1.0.{n}"), store.root).release for n in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: deploy_release(ReleaseStore(store.root), releases[n % 4], ("staging",)), range(40)))
        assert store.cluster("staging").release_of("scene-qa-5y9aK2") in {release.id for release in releases}
        list(
            pool.map(
                lambda release: undeploy_release(ReleaseStore(store.root), release.workflow, release.id, ("staging",)), releases
            )
        )
    assert store.cluster("staging").deployed == ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o755])
def test_a_lock_may_be_opened_by_all_who_may_write_in_its_folder(tmp_path, mode):
    tmp_path.chmod(mode)
    before = os.umask(0o077)
    try:
        for _ in range(2):
            with shared_lock(tmp_path / ".lock"):
                assert (tmp_path / ".lock").stat().st_mode & 0o777 == mode & 0o666
    finally:
        os.umask(before)


def test_a_version_of_several_releases_is_ambiguous(make_release, tmp_path):
    store = ReleaseStore(tmp_path / "store")
    paths = [make_release(version="0.2.0"), make_release(version="0.2.0", content=b"print('other')\n")]
    first, second = (publish_release(open_release(path), store).release for path in paths)
    with pytest.raises(PublishError, match=r"'0.2.0' is ambiguous: 2 releases") as caught:
        select_published(store, None, "0.2.0")
    assert all(release.id in caught.value.problems[0].hint for release in (first, second))
    assert select_published(store, None, first.id) == first
    assert select_published(store, None, second.digest[:12]) == second


def test_a_release_is_selected_by_the_start_of_its_id(make_release, tmp_path):
    store = ReleaseStore(tmp_path / "store")
    ids = [publish(make_release(version=f"1.0.{n}"), store.root).release.id for n in range(2)]
    for identifier in ids:
        assert select_published(store, None, identifier[:8]).id == identifier
        assert select_published(store, None, identifier[:8].upper()).id == identifier
    with pytest.raises(PublishError, match="has no release"):
        select_published(store, None, ids[0][:7])


def test_an_ambiguous_start_of_an_id_names_the_releases(make_release, tmp_path, monkeypatch):
    store = ReleaseStore(tmp_path / "store")
    release = publish(make_release(), store.root).release
    twins = [replace(release, id=f"1f2e3d4c-{end * 4}-5bbb-8ccc-0123456789ab") for end in "ab"]
    monkeypatch.setattr(store, "releases", lambda _workflow: twins)
    with pytest.raises(PublishError) as caught:
        select_published(store, None, "1f2e3d4c")
    assert all(twin.id in str(caught.value) for twin in twins)
    assert select_published(store, None, "1f2e3d4c-b").id == twins[1].id
