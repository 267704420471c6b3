"""Archives from earlier versions: this version reads them and writes the same bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from archive_samples import CONTENTS, manifest_of, write_project, zstd

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.model import FORMAT, Source

GOLDEN = Path(__file__).with_name("golden")
ARCHIVES = {1: "scene_qa-1.0.tbrelease", 2: "scene_qa-1.0-format-2.tbrelease"}
STREAM_SHA256 = {
    1: "7e7f6a58b6b170e47d7a0a87723ef953650f0f7a430532cf2fb799867cf9e7e0",
    2: "5563f920618c4595592b0d67cd0c18b579a58376b0bebd0cfed8c5b0396c9419",
}
FILE_SHA256 = {
    1: {"1.5.7": "753d9a580afc73de723f4a4ae545cd5ebc04f94fdc71a3e5d1f0f31920a01a44"},
    2: {"1.5.7": "733d3980cf84cc55c676d7eeed6bbb0f8435a15a64b133c05cc780a423ac68a1"},
}


def golden_manifest(form):
    """Of format 2, with a trigger, a source, a variable and an extension."""
    manifest = manifest_of()
    if form == 1:
        return manifest._replace(format=1)
    task = manifest.tasks[0]._replace(trigger="cron", source=Source("scene_qa/runner.py", 4))
    extensions = {"acme.example": {"reviewed": True}}
    return manifest._replace(tasks=(task, *manifest.tasks[1:]), environment=("ACME_TOKEN",), extensions=extensions)


def test_there_is_one_of_each_format():
    assert set(ARCHIVES) == set(range(1, FORMAT + 1))
    assert {path.name for path in GOLDEN.iterdir()} == set(ARCHIVES.values())


@pytest.mark.parametrize("form", ARCHIVES)
def test_golden_archive_is_read(form):
    manifest, artifact = check_archive(GOLDEN / ARCHIVES[form])
    assert manifest == golden_manifest(form)
    assert artifact.sha256 in FILE_SHA256[form].values()


@pytest.mark.parametrize("form", ARCHIVES)
def test_golden_archive_is_unpacked(form, tmp_path):
    extract_archive(GOLDEN / ARCHIVES[form], tmp_path / "release")
    for path, content in CONTENTS.items():
        assert (tmp_path / "release" / path).read_bytes() == content


@pytest.mark.parametrize("form", ARCHIVES)
def test_same_release_gives_the_golden_bytes(form, tmp_path):
    """The tar stream never changes; compressed, it may under another libzstd."""
    artifact = write_archive(golden_manifest(form), write_project(tmp_path / "project"), tmp_path / "new.tbrelease")
    written = artifact.path.read_bytes()
    assert zstd.decompress(written) == zstd.decompress((GOLDEN / ARCHIVES[form]).read_bytes())
    assert hashlib.sha256(zstd.decompress(written)).hexdigest() == STREAM_SHA256[form]
    assert artifact.sha256 == FILE_SHA256[form].get(zstd.zstd_version, artifact.sha256)
