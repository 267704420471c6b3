"""Writing an archive: the same bytes from the same release, whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tarfile
import threading
from io import BytesIO

import pytest
from archive_samples import CONTENTS, EXECUTABLE, LONG_PATH, SPLIT_PATH, manifest_of, write_project, zstd

from hatch_tilebox.archive import layout
from hatch_tilebox.archive.output_folder import make_output_folder
from hatch_tilebox.archive.reader import check_archive
from hatch_tilebox.archive.source import CHUNK, hash_files, read_small_files
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.errors import ArchiveError
from hatch_tilebox.core.model import MANIFEST_PATH, FileEntry, FileSet, ReleaseManifest, SelectedFile

needs_tar = pytest.mark.needs_tool("tar", "zstd")


def build(root, contents=CONTENTS):
    files = write_project(root / "project", contents)
    manifest = manifest_of(contents)
    return write_archive(manifest, files, root / "dist" / "scene_qa-1.0.tbrelease"), manifest, files


def test_files_are_hashed_as_the_manifest_names_them(tmp_path):
    assert hash_files(write_project(tmp_path)) == manifest_of().files


def test_rule_1_one_zstd_frame_with_content_size_and_checksum(tmp_path):
    artifact, manifest, _ = build(tmp_path)
    data = artifact.path.read_bytes()
    size = layout.stream_size(len(manifest.to_json()), manifest.files)
    assert zstd.get_frame_info(data).decompressed_size == size == len(zstd.decompress(data))
    assert zstd.get_frame_size(data) == len(data) == artifact.size
    assert data[4] & 0b100


def test_rule_2_ustar_members_sorted_by_bytes_pax_only_for_long_paths(tmp_path):
    artifact, manifest, _ = build(tmp_path)
    stream = zstd.decompress(artifact.path.read_bytes())
    with tarfile.open(fileobj=BytesIO(stream)) as tar:
        found = {info.name: info for info in tar}
    assert list(found) == [MANIFEST_PATH, *(file.path for file in manifest.files)]
    assert list(found)[1:] == sorted(CONTENTS, key=str.encode)
    assert all(info.isreg() for info in found.values())
    assert [name for name, info in found.items() if info.pax_headers] == [LONG_PATH]
    assert stream.count(b"ustar\x0000") == len(found) + 1
    assert len(SPLIT_PATH.encode()) > 100


def test_rule_3_manifest_first_as_canonical_json(tmp_path):
    artifact, manifest, _ = build(tmp_path)
    with tarfile.open(fileobj=BytesIO(zstd.decompress(artifact.path.read_bytes()))) as tar:
        first = tar.next()
        assert first.name == ".tilebox/release.json"
        assert tar.extractfile(first).read() == manifest.to_json()


@pytest.mark.parametrize("path", [MANIFEST_PATH, f"{MANIFEST_PATH}/part"])
def test_rule_3_project_file_in_the_place_of_the_manifest(tmp_path, path):
    with pytest.raises(ArchiveError, match=r"'\.tilebox/release\.json"):
        build(tmp_path, {**CONTENTS, path: b"{}"})
    assert not (tmp_path / "dist").exists()


def test_rule_3_other_files_beside_the_manifest_are_packed(tmp_path):
    artifact, manifest, _ = build(tmp_path, {**CONTENTS, ".tilebox/notes.txt": b"kept"})
    assert check_archive(artifact.path) == (manifest, artifact)


def test_rule_4_constant_time_no_owner_two_modes(tmp_path):
    artifact, _, _ = build(tmp_path)
    with tarfile.open(fileobj=BytesIO(zstd.decompress(artifact.path.read_bytes()))) as tar:
        members = tar.getmembers()
    assert {(info.mtime, info.uid, info.gid, info.uname, info.gname) for info in members} == {(1580601600, 0, 0, "", "")}
    assert {info.name for info in members if info.mode == 0o755} == EXECUTABLE
    assert {info.mode for info in members if info.name not in EXECUTABLE} == {0o644}


def test_rule_5_link_is_stored_as_content(tmp_path):
    files = write_project(tmp_path / "project", {"real.py": b"real\n"})
    link = tmp_path / "project" / "link.py"
    link.symlink_to("real.py")
    files = FileSet(files.root, (SelectedFile("link.py", str(link), 5), *files.files))
    manifest = ReleaseManifest.of(manifest_of().workflow, manifest_of().project, [], hash_files(files))
    artifact = write_archive(manifest, files, tmp_path / "a.tbrelease")
    with tarfile.open(fileobj=BytesIO(zstd.decompress(artifact.path.read_bytes()))) as tar:
        assert tar.getmember("link.py").isreg()
        assert tar.extractfile("link.py").read() == b"real\n"


@needs_tar
def test_gnu_tar_lists_and_unpacks_it(tmp_path):
    artifact, manifest, _ = build(tmp_path)
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    listed = subprocess.run(
        ["tar", "--quoting-style=literal", "--zstd", "-tf", artifact.path], capture_output=True, check=True, env=environment
    )
    assert listed.stdout.decode().splitlines() == [MANIFEST_PATH, *(file.path for file in manifest.files)]
    assert listed.stderr == b""
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "--zstd", "-xf", artifact.path, "-C", tmp_path / "out"], check=True, env=environment)
    for path, content in CONTENTS.items():
        assert (tmp_path / "out" / path).read_bytes() == content
        assert bool((tmp_path / "out" / path).stat().st_mode & 0o100) == (path in EXECUTABLE)


def test_same_bytes_from_another_folder_order_time_and_umask(tmp_path):
    first, manifest, _ = build(tmp_path / "first")
    previous = os.umask(0o077)
    try:
        files = write_project(tmp_path / "second", dict(reversed(CONTENTS.items())))
        for file in files.files:
            os.utime(file.source, (1, 1))
        second = write_archive(manifest, files, tmp_path / "second.tbrelease")
    finally:
        os.umask(previous)
    assert (first.sha256, first.size) == (second.sha256, second.size)


def test_same_bytes_under_any_hash_seed_and_source_date_epoch(tmp_path):
    expected, _, _ = build(tmp_path / "here")
    script = (
        "import sys; from pathlib import Path; from archive_samples import *; "
        "from hatch_tilebox.archive.writer import write_archive; root = Path(sys.argv[1]); "
        "print(write_archive(manifest_of(), write_project(root / 'p'), root / 'a').sha256)"
    )
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        found = subprocess.run(
            [sys.executable, "-c", script, tmp_path / seed], env=environment, capture_output=True, text=True, check=True
        ).stdout
        assert found.strip() == expected.sha256


def test_archive_has_the_permissions_of_an_ordinary_file(tmp_path):
    for umask in (0o022, 0o077):
        previous = os.umask(umask)
        try:
            artifact, _, _ = build(tmp_path / str(umask))
        finally:
            os.umask(previous)
        assert stat.S_IMODE(artifact.path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"x" * path.stat().st_size),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), os.mkfifo(path)),
    ],
    ids=["content", "longer", "shorter", "emptied", "gone", "folder", "pipe"],
)
@pytest.mark.parametrize("size", [10, 3 * CHUNK])
def test_file_that_changes_while_it_is_packed_is_named(tmp_path, change, size):
    contents = {**CONTENTS, "scene_qa/scene.bin": b"s" * size}
    artifact, manifest, files = build(tmp_path, contents)
    before = artifact.path.read_bytes()
    change(tmp_path / "project" / "scene_qa" / "scene.bin")
    with pytest.raises(ArchiveError, match=r"'scene_qa/scene\.bin'"):
        write_archive(manifest, files, artifact.path)
    assert artifact.path.read_bytes() == before
    assert [path.name for path in artifact.path.parent.iterdir()] == [artifact.path.name]


def test_file_that_changes_before_it_is_hashed_is_named(tmp_path):
    files = write_project(tmp_path)
    (tmp_path / "run.sh").write_bytes(b"")
    with pytest.raises(ArchiveError, match=r"'run\.sh' changed while the release was built"):
        hash_files(files)
    (tmp_path / "run.sh").unlink()
    with pytest.raises(ArchiveError, match=r"'run\.sh' cannot be read: No such file"):
        hash_files(files)


def test_interrupted_writing_leaves_nothing(tmp_path):
    files = write_project(tmp_path / "project")
    gone = files.files[-1]._replace(on_disk=str(tmp_path / "gone"))
    with pytest.raises(ArchiveError):
        write_archive(manifest_of(), FileSet(files.root, (*files.files[:-1], gone)), tmp_path / "dist" / "a.tbrelease")
    assert list((tmp_path / "dist").iterdir()) == []


def test_other_work_is_done_before_the_file_appears(tmp_path):
    files = write_project(tmp_path / "project", {**CONTENTS, "scene_qa/scene.bin": b"s" * 3 * CHUNK})
    manifest = ReleaseManifest.of(manifest_of().workflow, manifest_of().project, [], hash_files(files))
    path = tmp_path / "dist" / "a.tbrelease"
    existed: set[bool] = set()
    assert write_archive(manifest, files, path, meanwhile=(existed.add(path.exists()) for _ in range(100))).path == path
    assert existed == {False}


@pytest.mark.parametrize("step", [0, 2, 99])
def test_an_error_in_other_work_leaves_nothing(tmp_path, step):
    files = write_project(tmp_path / "project", {**CONTENTS, "scene_qa/scene.bin": b"s" * 3 * CHUNK})
    manifest = ReleaseManifest.of(manifest_of().workflow, manifest_of().project, [], hash_files(files))
    threads = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        write_archive(manifest, files, tmp_path / "dist" / "a.tbrelease", meanwhile=(1 // (step - number) for number in range(100)))
    assert list((tmp_path / "dist").iterdir()) == []
    assert threading.active_count() == threads


def test_known_contents_are_not_read_again(tmp_path):
    artifact, manifest, files = build(tmp_path)
    contents = read_small_files(files)
    for file in files.files:
        file.source.unlink()
    again = write_archive(manifest, files, tmp_path / "again.tbrelease", contents)
    assert again.sha256 == artifact.sha256


def test_destination_that_cannot_be_written_is_named(tmp_path):
    files = write_project(tmp_path / "project")
    with pytest.raises(ArchiveError, match=r"run\.sh/a\.tbrelease cannot be written"):
        write_archive(manifest_of(), files, tmp_path / "project" / "run.sh" / "a.tbrelease")
    (tmp_path / "folder.tbrelease").mkdir()
    with pytest.raises(ArchiveError, match=r"folder\.tbrelease cannot be written"):
        write_archive(manifest_of(), files, tmp_path / "folder.tbrelease")


def test_output_folder_is_created_or_named(tmp_path):
    make_output_folder(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").is_dir()
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ArchiveError, match=rf"{folder.name} cannot be written: .*\n  hint: .*`--out FOLDER`.*`output-dir`"):
            make_output_folder(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_output_folder_of_another_user_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(ArchiveError, match="cannot be written: Permission denied"):
        make_output_folder(tmp_path)


def test_manifest_of_other_files_is_a_bug(tmp_path):
    files = write_project(tmp_path / "project")
    with pytest.raises(ValueError, match="is of other files"):
        write_archive(manifest_of({"a": b""}), files, tmp_path / "a.tbrelease")


def test_what_ustar_cannot_hold_is_refused():
    large = FileEntry("a", 8**11, "0644", "0" * 64)
    with pytest.raises(ArchiveError, match="'a' has 8589934592 bytes; a member holds at most 8589934591"):
        layout.check_files([large])
    with pytest.raises(ArchiveError, match="'a' is a file, but also the folder of 'a/b'"):
        layout.check_files([FileEntry("a", 0, "0644", "0" * 64), FileEntry("a/b", 0, "0644", "0" * 64)])
    with pytest.raises(ArchiveError, match="more than 4096 bytes"):
        layout.check_files([FileEntry("a/" * 2048 + "b", 0, "0644", "0" * 64)])


def test_manifest_that_no_reader_would_take_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "MAX_MANIFEST_SIZE", 1000)
    with pytest.raises(ArchiveError, match="the manifest has 2045 bytes; at most 1000 are allowed"):
        build(tmp_path)


@pytest.mark.parametrize("size", range(95, 110))
def test_pax_record_counts_its_own_length(size):
    record = layout.path_record(b"x" * size)
    assert record == b"%d path=%s\n" % (len(record), b"x" * size)


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("a" * 100, ("", "a" * 100)),
        ("a" * 101, None),
        ("d/" + "a" * 100, ("d", "a" * 100)),
        ("d/" + "a" * 101, None),
        ("d" * 155 + "/" + "a" * 100, ("d" * 155, "a" * 100)),
        ("d" * 156 + "/a", None),
        ("ä" * 50, ("", "ä" * 50)),
        ("ä" * 51, None),
    ],
)
def test_paths_are_split_where_ustar_can_hold_them(path, split):
    assert layout.split_path(path.encode()) == (split and tuple(part.encode() for part in split))
