"""Documents about a release are published with it."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hand_made_releases import write_sbom

from hatch_tilebox.core.errors import ArchiveError
from hatch_tilebox.core.progress import Progress
from hatch_tilebox.plugins.destination import Attachment, Destination
from hatch_tilebox.publish.attachments import MEDIA_TYPES, fetch_documents, published_sbom
from hatch_tilebox.publish.fetch import fetch_release, select_published
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


@pytest.mark.parametrize("signs_it", [True, False])
def test_the_signature_of_the_statement_is_kept_too(publish, tmp_path, signs_it):
    def prepare(path):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        statement = {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "a", "digest": {"sha256": digest}}]}
        content = json.dumps(statement).encode()
        path.with_suffix(".provenance.json").write_bytes(content)
        payload = base64.b64encode(content if signs_it else content + b" ").decode()
        bundle = {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": {"payload": payload}}
        path.with_suffix(".provenance.sigstore.json").write_text(json.dumps(bundle))

    release, progress, _ = publish(prepare)
    names = ["scene_qa-1.0.0.provenance.json", "scene_qa-1.0.0.provenance.sigstore.json"]
    kept = sorted(path.name for path in (tmp_path / "store/attachments" / release.id).iterdir())
    assert kept == (names if signs_it else names[:1])
    assert [problem.code for problem in progress.warnings] == ([] if signs_it else ["TBX521"])


def write_signed(path, number, *, signed=True):
    """Write a statement about the archive `path`, a different one for each number, and its signature."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "number": number,
        "subject": [{"name": "a", "digest": {"sha256": digest}}],
    }
    content = json.dumps(statement).encode()
    path.with_suffix(".provenance.json").write_bytes(content)
    if signed:
        envelope = {"payload": base64.b64encode(content).decode()}
        bundle = {"mediaType": MEDIA_TYPES[".provenance.sigstore.json"], "dsseEnvelope": envelope}
        path.with_suffix(".provenance.sigstore.json").write_text(json.dumps(bundle))
    return content


def test_another_statement_is_kept_too_and_comes_back_with_its_signature(publish, tmp_path):
    """A release that is built and signed later has another statement."""
    publish(lambda path: write_signed(path, 1, signed=False))
    release, progress, _ = publish(lambda path: write_signed(path, 2))
    publish(lambda path: write_signed(path, 2))
    kept = sorted(path.name for path in (tmp_path / "store/attachments" / release.id).iterdir())
    assert len(kept) == 3
    assert kept[1:] == ["scene_qa-1.0.0.provenance.json", "scene_qa-1.0.0.provenance.sigstore.json"]
    destination = ReleaseStore(tmp_path / "store")
    local = fetch_release(destination, release, tmp_path / "got")
    written = fetch_documents(destination, release, local, progress)
    assert written[0].read_bytes() == write_signed(local.artifact.path, 2, signed=False)
    assert len(written) == 2
    assert progress.warnings == []


def test_the_signature_of_a_statement_that_stays_is_left_out(publish, tmp_path):
    release, progress, _ = publish(lambda path: write_signed(path, 1))
    destination = ReleaseStore(tmp_path / "store")
    local = fetch_release(destination, release, tmp_path / "got")
    write_signed(local.artifact.path, 2, signed=False)
    assert fetch_documents(destination, release, local, progress) == ()
    assert [problem.code for problem in progress.warnings] == ["TBX516"]
    assert not local.artifact.path.with_suffix(".provenance.sigstore.json").exists()


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


class Offers(ReleaseStore):
    """A destination that gives these documents back."""

    offered = ()

    def attachments(self, *_):
        return iter(self.offered)


@pytest.fixture
def fetch(publish, tmp_path):
    """A function that publishes a release with an SBOM, and fetches it with its documents into a folder."""

    def run(store=ReleaseStore, prepare=write_sbom):
        publish(prepare)
        destination, progress, folder = store(tmp_path / "store"), Events(), tmp_path / "got"
        release = select_published(destination, None, None)
        local = fetch_release(destination, release, folder)
        return fetch_documents(destination, release, local, progress), progress, folder

    return run


def sbom_of(path):
    written = write_sbom(path)
    content = written.read_bytes()
    written.unlink()
    return content


def test_the_sbom_is_fetched_with_the_release(fetch, tmp_path):
    (path,), _, folder = fetch()
    assert path == folder / "scene_qa-1.0.0.cdx.json"
    assert path.read_bytes() == next(tmp_path.glob("store/attachments/*/*.cdx.json")).read_bytes()
    assert sorted(each.name for each in folder.iterdir()) == ["scene_qa-1.0.0.cdx.json", "scene_qa-1.0.0.tbrelease"]
    assert fetch()[0] == (path,)


def test_a_release_may_have_no_documents(fetch):
    assert fetch(prepare=lambda _: None)[0] == ()


def test_another_document_is_not_replaced(fetch, tmp_path):
    (tmp_path / "got").mkdir()
    mine = tmp_path / "got/scene_qa-1.0.0.cdx.json"
    mine.write_text("{}")
    written, progress, _ = fetch()
    assert (written, mine.read_text()) == ((), "{}")
    assert [problem.code for problem in progress.warnings] == ["TBX516"]


def test_of_two_statements_the_signed_one_is_fetched(fetch, make_release):
    digest = hashlib.sha256(make_release().read_bytes()).hexdigest()
    first, second = ({"_type": "a", "number": n, "subject": [{"digest": {"sha256": digest}}]} for n in range(2))
    payload = base64.b64encode(json.dumps(second).encode()).decode()
    bundle = {"mediaType": MEDIA_TYPES[".provenance.sigstore.json"], "dsseEnvelope": {"payload": payload}}
    documents = ((".provenance.json", first), (".provenance.json", second), (".provenance.sigstore.json", bundle))

    class Both(Offers):
        offered = tuple(Attachment("any", MEDIA_TYPES[suffix], json.dumps(value).encode()) for suffix, value in documents)

    written, progress, folder = fetch(Both, prepare=lambda _: None)
    names = ["scene_qa-1.0.0.provenance.json", "scene_qa-1.0.0.provenance.sigstore.json"]
    assert [path.name for path in written] == names
    assert json.loads((folder / names[0]).read_text()) == second
    assert progress.warnings == []


def test_names_and_other_documents_from_a_destination_do_not_count(fetch, make_release):
    sbom = sbom_of(make_release())
    other = sbom.replace(b'"content": "', b'"content": "0')
    kind = "application/vnd.cyclonedx+json"

    class Hostile(Offers):
        offered = (
            Attachment("../../above.cdx.json", "text/html", sbom),
            Attachment("scene_qa-1.0.0.cdx.json", kind, other),
            Attachment("scene_qa-1.0.0.cdx.json", kind, b"\xff"),
            Attachment("../../above.cdx.json", kind, sbom),
        )

    (path,), progress, folder = fetch(Hostile)
    assert (path.name, path.read_bytes()) == ("scene_qa-1.0.0.cdx.json", sbom)
    assert len(list(folder.iterdir())) == 2
    assert progress.warnings == []


def test_a_document_about_another_archive_is_not_fetched(fetch, make_release):
    class Wrong(Offers):
        offered = (Attachment("a", "application/vnd.cyclonedx+json", sbom_of(make_release(version="9.0.0"))),)

    written, progress, folder = fetch(Wrong)
    assert written == ()
    assert [problem.code for problem in progress.warnings] == ["TBX521"]
    assert len(list(folder.iterdir())) == 1


def test_what_is_in_the_folder_of_attachments_does_not_count(fetch, tmp_path):
    fetch()
    (kept,) = tmp_path.glob("store/attachments/*")
    (kept / "notes.txt").write_text("mine")
    (kept / "folder").mkdir()
    assert len(fetch()[0]) == 1


def test_too_many_documents_are_left_out(fetch, make_release, monkeypatch):
    class Many(Offers):
        offered = tuple(Attachment("a", "application/vnd.cyclonedx+json", b" " * 100) for _ in range(50))

    monkeypatch.setattr("hatch_tilebox.publish.attachments.MAX_ATTACHMENT", 1000)
    assert [problem.code for problem in fetch(Many)[1].warnings] == ["TBX513", "TBX521"]


def test_a_destination_without_attachments_has_none():
    assert list(Destination.attachments(object(), None, ())) == []


def test_the_sbom_of_a_published_release_is_read(publish, tmp_path, make_release):
    release, *_ = publish(write_sbom)
    destination = Offers(tmp_path / "store")
    assert published_sbom(destination, release) is None
    kind = "application/vnd.cyclonedx+json"
    theirs = Attachment("a", kind, sbom_of(make_release(version="9.0.0")))
    own = next(ReleaseStore(tmp_path / "store").attachments(release, [kind]))
    destination.offered = (theirs, own)
    assert published_sbom(destination, release).digest == release.digest
    destination.offered = (theirs,)
    with pytest.raises(ArchiveError, match="about another archive"):
        published_sbom(destination, release)
