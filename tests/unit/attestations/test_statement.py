"""The statement of provenance, read from files that nobody has checked."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from hatch_tilebox.attestations.statement import MAX_SIZE, Provenance, Subject, parse_provenance, read_provenance
from hatch_tilebox.core.errors import ArchiveError
from hatch_tilebox.core.source_commit import SourceCommit

DIGEST = "a" * 64
PROVENANCE = Provenance(
    subjects=(Subject("scene_qa-1.2.0.tbrelease", DIGEST), Subject("scene_qa-1.2.0-py3-none-any.whl", "b" * 64)),
    workflow="scene-qa-5y9aK2ydM1f76n",
    project="scene-qa",
    version="1.2.0",
    fingerprint="c" * 64,
    origin="repository",
    source=SourceCommit("d" * 40, "https://example.org/acme/flows.git", ("scene_qa/é.py",), "refs/heads/a@b"),
    lock="e" * 64,
    builder="urn:hatch-tilebox:builder:unknown",
    versions={"uv": "0.13.9", "python": "3.12.1"},
    invocation="https://example.org/runs/7",
    finished="2026-11-27T05:40:14Z",
)


@pytest.fixture
def archive(tmp_path):
    """The path of an archive, and a function that writes the statement beside it."""
    path = tmp_path / "scene_qa-1.2.0.tbrelease"
    return path, (tmp_path / "scene_qa-1.2.0.provenance.json").write_bytes


@pytest.mark.parametrize(
    "value",
    [
        PROVENANCE,
        replace(PROVENANCE, source=None, origin="folder", lock=None, invocation=None, finished=None),
        replace(PROVENANCE, source=SourceCommit("d" * 64, None), origin="sdist"),
        replace(PROVENANCE, origin="sdist", frontend="uv", sdist=Subject("scene_qa-1.2.0.tar.gz", "f" * 64)),
        replace(PROVENANCE, source=SourceCommit("d" * 40, "file:///srv/flows")),
    ],
)
def test_what_is_written_is_read(value):
    assert parse_provenance(value.to_bytes()) == value


def test_it_is_bound_to_the_archive(archive):
    path, write = archive
    assert read_provenance(path, DIGEST) is None
    write(PROVENANCE.to_bytes())
    assert read_provenance(path, DIGEST) == PROVENANCE
    with pytest.raises(ArchiveError, match="not about") as raised:
        read_provenance(path, "f" * 64)
    assert raised.value.problems[0].code == "TBX521"


def changed(*path, value):
    """Return the statement with another value at the path."""
    statement = item = json.loads(PROVENANCE.to_bytes())
    for key in path[:-1]:
        item = item[key]
    item[path[-1]] = value
    return json.dumps(statement).encode()


DEFINITION = ("predicate", "buildDefinition")
COMMIT = (*DEFINITION, "resolvedDependencies", 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        PROVENANCE.to_bytes().replace(b'"_type"', b'"_type": 1, "_type"'),
        changed("_type", value="https://in-toto.io/Statement/v0.1"),
        changed("predicateType", value="https://example.org"),
        changed("subject", value=[]),
        changed("subject", value={}),
        changed("subject", 0, value="a"),
        changed("subject", 0, "digest", value={"sha256": 7}),
        changed("subject", 0, "digest", "sha256", value=DIGEST.upper()),
        changed("subject", 1, "digest", "sha256", value=DIGEST + "\n"),
        changed("subject", 0, "name", value=None),
        changed("predicate", value=None),
        changed(*DEFINITION, "buildType", value="urn:other"),
        changed(*DEFINITION, "externalParameters", "version", value=1.2),
        changed(*DEFINITION, "internalParameters", "from", value="elsewhere"),
        changed(*DEFINITION, "internalParameters", "modified", value="all"),
        changed(*DEFINITION, "internalParameters", "modified", value=[7]),
        changed(*DEFINITION, "internalParameters", "modified", value=None),
        changed(*DEFINITION, "internalParameters", "frontend", value=["uv"]),
        changed(*DEFINITION, "resolvedDependencies", value=None),
        changed(*DEFINITION, "resolvedDependencies", 1, value={"name": "scene_qa-1.2.0.tar.gz", "digest": {}}),
        changed(*DEFINITION, "resolvedDependencies", 1, value={"uri": "git+x", "digest": {"gitCommit": "d" * 40}}),
        changed(*DEFINITION, "resolvedDependencies", 1, "digest", value=None),
        changed(*COMMIT, "digest", "gitCommit", value="main"),
        changed(*COMMIT, "digest", "gitCommit", value=None),
        changed(*COMMIT, "uri", value="https://example.org"),
        changed("predicate", "runDetails", "builder", "version", value={"uv": 1}),
        changed("predicate", "runDetails", "metadata", "invocationId", value=[]),
    ],
    ids=lambda content: content[:20].decode(errors="replace"),
)
def test_other_content_is_refused(archive, content):
    path, write = archive
    write(content)
    with pytest.raises(ArchiveError) as raised:
        read_provenance(path, DIGEST)
    (problem,) = raised.value.problems
    assert problem.code == "TBX407"
    assert problem.location.path.endswith("scene_qa-1.2.0.provenance.json")


def test_a_large_file_is_not_read(archive):
    path, write = archive
    write(b"")
    os.truncate(path.with_name("scene_qa-1.2.0.provenance.json"), 100 * 2**20)
    with pytest.raises(ArchiveError, match=f"more than {MAX_SIZE // 2**20} MiB"):
        read_provenance(path, DIGEST)


def test_a_folder_is_not_read(archive):
    path, _ = archive
    path.with_name("scene_qa-1.2.0.provenance.json").mkdir()
    with pytest.raises(ArchiveError, match="cannot be read"):
        read_provenance(path, DIGEST)
