"""What a policy finds in a release and its documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hand_made_releases import GREET, write_release, write_sbom

from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.source import hash_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.attestations.statement import Provenance, Subject
from hatch_tilebox.core.errors import Location
from hatch_tilebox.core.model import FileSet, Project, ReleaseManifest, SelectedFile, Task, Workflow
from hatch_tilebox.core.policy import Policy, Rules, SignedBy
from hatch_tilebox.core.source_commit import SourceCommit
from hatch_tilebox.publish.policy_rules import Evidence, Running, broken_rules

SOURCE = SourceCommit("d" * 40, "https://github.com/acme/flows.git", (), "refs/heads/main")
LOCK = """\
version = 1
requires-python = ">=3.10"

[[package]]
name = "scene-qa"
version = "1.0.0"
source = { virtual = "." }

[[package]]
name = "urllib3"
version = "1.26.20"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://pypi.org/simple" }
"""


@pytest.fixture
def release(tmp_path):
    """A release with a lock."""
    return write_locked(tmp_path, LOCK)


def write_locked(tmp_path, lock):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "uv.lock").write_text(lock)
    files = FileSet(tree, (SelectedFile("uv.lock", str(tree / "uv.lock"), len(lock)),))
    project = Project("scene-qa", "1.0.0", ">=3.10")
    manifest = ReleaseManifest.of(Workflow("scene-qa-5y9aK2", runner="a:b"), project, (GREET,), hash_files(files))
    return write_archive(manifest, files, tmp_path / "scene_qa-1.0.0.tbrelease").path


def evidence_of(path, source=SOURCE, running=None):
    """The evidence about a release, with a statement that names this source."""
    manifest, artifact = check_archive(path)
    if source is not None:
        statement = Provenance(
            (Subject(path.name, artifact.sha256),), "scene-qa-5y9aK2", "scene-qa", "1.0.0", manifest.fingerprint,
            "repository", source, None, "urn:hatch-tilebox:builder:unknown", {},
        )  # fmt: skip
        path.with_suffix(".provenance.json").write_bytes(statement.to_bytes())
    return Evidence(manifest, artifact, running)


def broken(evidence, **rules):
    key = next(iter(rules)).replace("_", "-")
    place = Location("policy.toml", 3)
    found = broken_rules(Policy("policy.toml", Rules(**rules), Path(), {key: place}), evidence)
    assert all(problem.location == place and problem.message.startswith(f"{key}: ") for problem in found)
    return [problem.code for problem in found]


@pytest.mark.parametrize(
    ("repository", "fits"),
    [
        ("https://github.com/acme/flows", True),
        ("https://github.com/acme/flows.git", True),
        ("https://GitHub.com/acme/flows/", True),
        ("ssh://git@github.com/acme/flows.git", True),
        ("https://github.com/acme/flow", False),
        ("https://github.com/acme/flows/x", False),
        ("https://github.com:8443/acme/flows", False),
        ("https://github.com.example.org/acme/flows", False),
        ("file:///acme/flows", False),
    ],
)
def test_repository(release, repository, fits):
    assert broken(evidence_of(release), repository=repository) == ([] if fits else ["TBX531"])


@pytest.mark.parametrize(
    "text", ["", "https://[", "https://github.com:x/acme/flows", "https://github.com:99999999/acme/flows", "\x1b[0m"]
)
def test_a_repository_that_is_no_url_does_not_fit(release, text):
    evidence = evidence_of(release, replace(SOURCE, repository=text, ref=None))
    assert broken(evidence, repository="https://github.com/acme/flows") == ["TBX531"]


@pytest.mark.parametrize(
    ("ref", "branches", "fits"),
    [
        ("refs/heads/main", ("main",), True),
        ("refs/heads/main", ("other", "main"), True),
        ("refs/heads/main", ("refs/heads/main",), True),
        ("refs/heads/release/1.0", ("release/*",), True),
        ("refs/tags/v1.0", ("refs/tags/v*",), True),
        ("refs/tags/main", ("main",), False),
        ("refs/heads/mainly", ("main",), False),
        ("refs/heads/main", ("m[a]in", "mai?"), False),
        ("refs/pull/7/merge", ("main", "*/heads/*"), False),
        (None, ("*",), False),
    ],
)
def test_branches(release, ref, branches, fits):
    assert broken(evidence_of(release, replace(SOURCE, ref=ref)), branches=branches) == ([] if fits else ["TBX532"])


def test_clean_tree(release):
    assert broken(evidence_of(release), clean_tree=True) == []
    assert broken(evidence_of(release, replace(SOURCE, modified=("scene_qa/a.py",))), clean_tree=True) == ["TBX533"]


def test_sbom(release):
    evidence = evidence_of(release)
    assert broken(evidence, sbom=True) == ["TBX534"]
    write_sbom(release, "0" * 64)
    assert broken(evidence, sbom=True) == ["TBX534"]
    write_sbom(release)
    assert broken(evidence, sbom=True) == []


@pytest.mark.parametrize(
    ("packages", "count"),
    [
        (("urllib3",), 1),
        (("URLlib3<2",), 1),
        (("urllib3>=2", "numpy==2.0.*", "left-pad"), 0),
        (("urllib3<2", "numpy", "scene-qa"), 2),
    ],
)
def test_forbidden_packages(release, packages, count):
    assert broken(evidence_of(release), forbidden_packages=packages) == ["TBX535"] * count


def test_a_release_without_packages_has_none_that_is_forbidden(tmp_path):
    path = write_locked(tmp_path, LOCK.partition('\n[[package]]\nname = "urllib3"')[0])
    assert broken(evidence_of(path), forbidden_packages=("urllib3",)) == []


def test_a_lock_that_cannot_be_read_is_no_proof(tmp_path):
    assert broken(evidence_of(write_locked(tmp_path, "version = [")), forbidden_packages=("urllib3",)) == ["TBX535"]


def test_packages_of_a_release_without_a_lock_are_not_known(tmp_path):
    path = write_release(tmp_path / "tree", tmp_path)
    assert broken(evidence_of(path), forbidden_packages=("urllib3",)) == ["TBX535"]


def test_compatible(release):
    evidence = evidence_of(release)
    same = Running("the latest", evidence.manifest)
    other = Running("on a cluster", evidence.manifest._replace(tasks=(GREET, Task("tests.Removed", "v1.0"))))
    assert broken(replace(evidence, running=(same,)), compatible=True) == []
    assert broken(replace(evidence, running=(same, other)), compatible=True) == ["TBX536"]
    assert broken(replace(evidence, running=(Running("unknown", None),)), compatible=True) == ["TBX536"]
    assert broken(evidence, compatible=True) == []


ALL = Rules(
    SignedBy("ada@example.org", "https://example.org"), "https://github.com/acme/flows", ("main",),
    clean_tree=True, sbom=True, forbidden_packages=("numpy",), compatible=True,
)  # fmt: skip
NEEDS_STATEMENT = ["TBX530", "TBX531", "TBX532", "TBX533"]


def test_without_a_statement_the_rules_that_need_one_are_broken(release):
    found = broken_rules(Policy("policy.toml", ALL, Path()), evidence_of(release, None))
    assert [problem.code for problem in found] == [*NEEDS_STATEMENT, "TBX534", "TBX535"]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_a_statement_that_cannot_be_used_breaks_them_too(release, content):
    release.with_suffix(".provenance.json").write_bytes(content)
    found = broken_rules(Policy("policy.toml", replace(ALL, signed_by=None), Path()), evidence_of(release, None))
    assert [problem.code for problem in found] == [*NEEDS_STATEMENT[1:], "TBX534", "TBX535"]


def test_a_statement_about_another_archive_breaks_them_too(release, tmp_path):
    evidence_of(release)
    (tmp_path / "other").mkdir()
    other = write_release(tmp_path / "files", tmp_path / "other")
    release.with_suffix(".provenance.json").rename(other.with_suffix(".provenance.json"))
    assert broken(evidence_of(other, None), clean_tree=True) == ["TBX533"]
