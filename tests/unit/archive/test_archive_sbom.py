"""The SBOM beside an archive and in a wheel: it is read without trust."""

from __future__ import annotations

import json
import zipfile

import pytest
from hand_made_releases import write_release, write_sbom

from hatch_tilebox.archive import sbom as module
from hatch_tilebox.archive.embedded import embedded_json
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.sbom import Component, parse_sbom, sbom_beside, sbom_in_wheel
from hatch_tilebox.archive.wheel import read_wheel
from hatch_tilebox.core.errors import ArchiveError

ABOUT = {"component": {"hashes": [{"alg": "SHA-256", "content": "0" * 64}]}}


def document(*components, **changes):
    return json.dumps({"bomFormat": "CycloneDX", "metadata": ABOUT, "components": components, **changes}).encode()


@pytest.fixture
def release(tmp_path):
    return check_archive(write_release(tmp_path / "tree", tmp_path))


def test_components_are_sorted_and_have_licenses():
    components = parse_sbom(
        document(
            {"name": "numpy", "version": "2.0", "licenses": [{"license": {"id": "BSD-3-Clause"}}, {"license": {"name": "own"}}]},
            {"name": "idna", "version": "3.1", "licenses": [{"expression": "MIT OR Apache-2.0"}], "purl": "pkg:pypi/idna@3.1"},
            {"name": "local"},
        )
    ).components
    assert components == (
        Component("idna", "3.1", "MIT OR Apache-2.0", "pkg:pypi/idna@3.1"),
        Component("local"),
        Component("numpy", "2.0", "BSD-3-Clause, own"),
    )


def test_the_source_of_a_package_that_no_index_has_is_shown():
    component = Component("flow", "1.0", "", "pkg:pypi/flow@1.0?vcs_url=https://example.org/flow%23c0ffee")
    assert component.state == "1.0 (https://example.org/flow c0ffee)"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        document(bomFormat="SPDX"),
        document(metadata={}),
        document(metadata={"component": {"hashes": [{"alg": "SHA-256", "content": 7}]}}),
        document(components={}),
        document(7),
        document({"version": "1"}),
        document({"name": ["numpy"]}),
        document({"name": "numpy", "version": 1}),
        document({"name": "numpy", "purl": None}),
        document({"name": "numpy", "licenses": "MIT"}),
        document({"name": "numpy", "licenses": [{"license": {}}]}),
    ],
)
def test_another_document_is_refused(content, release):
    with pytest.raises(ValueError, match=r"."):
        parse_sbom(content)
    _, artifact = release
    artifact.path.with_suffix(".cdx.json").write_bytes(content)
    with pytest.raises(ArchiveError) as caught:
        sbom_beside(artifact.path, artifact.sha256)
    assert [problem.code for problem in caught.value.problems] == ["TBX409"]


def test_an_archive_may_have_none(release):
    _, artifact = release
    assert sbom_beside(artifact.path, artifact.sha256) is None


def test_the_sbom_of_another_archive_is_refused(release):
    _, artifact = release
    write_sbom(artifact.path, digest="0" * 64)
    with pytest.raises(ArchiveError, match="is about another archive") as caught:
        sbom_beside(artifact.path, artifact.sha256)
    assert caught.value.problems[0].code == "TBX521"


def test_a_large_sbom_is_refused(release, monkeypatch):
    _, artifact = release
    monkeypatch.setattr(module, "MAX_SIZE", 100)
    write_sbom(artifact.path)
    with pytest.raises(ArchiveError, match="it has more than"):
        sbom_beside(artifact.path, artifact.sha256)


def test_a_wheel_has_it(release, tmp_path):
    manifest, artifact = release
    wheel = tmp_path / "scene_qa-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("scene_qa-1.0.0.dist-info/extra_metadata/tilebox/release.json", embedded_json(manifest, artifact))
        archive.writestr("scene_qa-1.0.0.dist-info/sboms/auditwheel.cdx.json", b"{}")
    assert sbom_in_wheel(wheel, read_wheel(wheel)) is None
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.write(write_sbom(artifact.path), "scene_qa-1.0.0.dist-info/sboms/scene_qa-1.0.0.cdx.json")
    assert sbom_in_wheel(wheel, read_wheel(wheel)).digest == artifact.sha256
