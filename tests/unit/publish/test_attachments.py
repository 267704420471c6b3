"""Documents about a release are published with it."""

from __future__ import annotations

import hashlib
import json

import pytest
from hand_made_releases import write_sbom

from hatch_tilebox.core.progress import Progress
from hatch_tilebox.publish.service import open_release, publish_release
from hatch_tilebox.publish.steps import StepLog
from hatch_tilebox.publish.store import ReleaseStore


class Events(Progress):
    def __init__(self):
        self.results, self.warnings = [], []

    def result(self, name, value):
        self.results.append((name, value))

    def warning(self, problem):
        self.warnings.append(problem)


class KeepsNothing(ReleaseStore):
    """A destination without documents."""

    def attach(self, *_):
        return False


@pytest.fixture
def publish(tmp_path, make_release):
    def run(prepare, store=ReleaseStore):
        path, progress, log = make_release(), Events(), StepLog()
        prepare(path)
        destination = store(tmp_path / "store")
        release = publish_release(open_release(path), destination, progress=progress, log=log).release
        return release, progress, log.to_list()[-1]

    return run


def test_the_sbom_is_kept_with_the_release(publish, tmp_path):
    release, progress, last = publish(write_sbom)
    kept = tmp_path / "store/attachments" / release.id / "scene_qa-1.0.0.cdx.json"
    assert b'"CycloneDX"' in kept.read_bytes()
    assert last == {"step": "attach", "result": "done", "detail": "scene_qa-1.0.0.cdx.json"}
    assert progress.results[-1] == ("Attached", "scene_qa-1.0.0.cdx.json")


def test_the_provenance_is_kept_with_the_release(publish, tmp_path):
    def prepare(path):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        subjects = [{"name": "other", "digest": {"sha256": "0" * 64}}, {"name": path.name, "digest": {"sha256": digest}}]
        statement = {"_type": "https://in-toto.io/Statement/v1", "subject": subjects}
        path.with_suffix(".provenance.json").write_text(json.dumps(statement))

    release, _, last = publish(prepare)
    assert (tmp_path / "store/attachments" / release.id / "scene_qa-1.0.0.provenance.json").exists()
    assert last["detail"] == "scene_qa-1.0.0.provenance.json"


def test_a_release_that_is_there_gets_its_sbom(publish, tmp_path):
    first, _, last = publish(lambda _: None)
    assert last["step"] == "register"
    assert not (tmp_path / "store/attachments").exists()
    assert publish(write_sbom)[0] == first
    assert (tmp_path / "store/attachments" / first.id / "scene_qa-1.0.0.cdx.json").exists()


@pytest.mark.parametrize("text", [None, "{", "[]", '{"metadata": {"component": {"hashes": []}}}'])
def test_an_sbom_of_another_archive_is_left_out(publish, tmp_path, text):
    def prepare(path):
        sbom = write_sbom(path, digest="0" * 64)
        if text is not None:
            sbom.write_text(text)

    _, progress, last = publish(prepare)
    assert not (tmp_path / "store/attachments").exists()
    assert [problem.code for problem in progress.warnings] == ["TBX521"]
    assert last["step"] == "register"


def test_a_destination_without_documents_is_named(publish):
    assert publish(write_sbom, KeepsNothing)[2]["detail"].endswith("store does not keep scene_qa-1.0.0.cdx.json")
