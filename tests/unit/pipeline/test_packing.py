"""A release that has not changed is not compressed again, and every other one is written."""

from __future__ import annotations

import pytest
from archive_samples import manifest_of, write_project

from hatch_tilebox.archive.source import hash_files, read_small_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.errors import Problem, SelectionError
from hatch_tilebox.core.model import ReleaseManifest
from hatch_tilebox.pipeline.packing import pack_release


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A function that packs the files on disk. `identity` of the file tells whether it was written again."""
    monkeypatch.setenv("HATCH_TILEBOX_CACHE_DIR", str(tmp_path / "cache"))
    files = write_project(tmp_path / "project")
    path = tmp_path / "dist" / "scene_qa-1.0.tbrelease"

    def packed(meanwhile=(), *, cache=True, **changes):
        entries = hash_files(files)
        manifest = manifest_of()
        manifest = ReleaseManifest.of(manifest.workflow, manifest.project, manifest.tasks, entries, manifest.environment)
        manifest = manifest._replace(**changes)
        artifact, unchanged = pack_release(manifest, files, path, read_small_files(files), meanwhile, cache=cache)
        again = write_archive(manifest, files, tmp_path / "again" / path.name)
        assert (artifact.sha256, artifact.size) == (again.sha256, again.size)
        assert artifact.path.read_bytes() == again.path.read_bytes()
        return unchanged, path.stat().st_ino

    return packed


def test_an_unchanged_release_is_left_alone(pack):
    first, written = pack()
    assert not first
    assert pack() == (True, written)


def test_without_the_cache_it_is_written_again(pack):
    _, written = pack(cache=False)
    unchanged, again = pack(cache=False)
    assert unchanged
    assert again != written


@pytest.mark.parametrize("damage", [b"", b"not a release"])
def test_a_file_that_is_not_the_release_is_replaced(pack, tmp_path, damage):
    pack()
    path = tmp_path / "dist" / "scene_qa-1.0.tbrelease"
    path.write_bytes(damage or path.read_bytes()[:-1])
    assert not pack()[0]
    assert pack()[0]


def test_another_manifest_is_another_release(pack):
    pack()
    assert not pack(environment=("ACME_TOKEN",))[0]
    assert not pack(environment=())[0], "the file is that of the release before"


def test_another_content_is_another_release(pack, tmp_path):
    pack()
    file = next(path for path in sorted((tmp_path / "project").rglob("*")) if path.is_file() and path.stat().st_size)
    file.write_bytes(bytes(file.stat().st_size))
    assert not pack()[0]


@pytest.mark.parametrize("cached", [False, True])
def test_steps_of_other_work_are_done_to_their_end(pack, cached):
    if cached:
        pack()
    done = []
    pack(map(done.append, range(3)))
    assert done == [0, 1, 2]

    def fails():
        yield ()
        raise SelectionError(Problem("a secret"))

    with pytest.raises(SelectionError, match="a secret"):
        pack(fails())
