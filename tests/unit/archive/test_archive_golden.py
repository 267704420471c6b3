"""An archive made once and for all: what this version writes and reads, all others do."""

from __future__ import annotations

import hashlib
from pathlib import Path

from archive_samples import CONTENTS, manifest_of, write_project, zstd

from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.writer import write_archive

GOLDEN = Path(__file__).with_name("golden") / "scene_qa-1.0.tbrelease"
STREAM_SHA256 = "7e7f6a58b6b170e47d7a0a87723ef953650f0f7a430532cf2fb799867cf9e7e0"
FILE_SHA256 = {"1.5.7": "753d9a580afc73de723f4a4ae545cd5ebc04f94fdc71a3e5d1f0f31920a01a44"}


def test_golden_archive_is_read():
    manifest, artifact = check_archive(GOLDEN)
    assert manifest == manifest_of()
    assert artifact.sha256 in FILE_SHA256.values()


def test_golden_archive_is_unpacked(tmp_path):
    extract_archive(GOLDEN, tmp_path / "release")
    for path, content in CONTENTS.items():
        assert (tmp_path / "release" / path).read_bytes() == content


def test_same_release_gives_the_golden_bytes(tmp_path):
    """The tar stream never changes; compressed, it may under another libzstd."""
    artifact = write_archive(manifest_of(), write_project(tmp_path / "project"), tmp_path / "new.tbrelease")
    written = artifact.path.read_bytes()
    assert zstd.decompress(written) == zstd.decompress(GOLDEN.read_bytes())
    assert hashlib.sha256(zstd.decompress(written)).hexdigest() == STREAM_SHA256
    assert artifact.sha256 == FILE_SHA256.get(zstd.zstd_version, artifact.sha256)
