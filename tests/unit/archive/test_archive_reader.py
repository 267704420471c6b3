"""Everything that the format page says is refused, with an error that names the archive and the member."""

from __future__ import annotations

import json
import random
from io import BytesIO

import pytest
from archive_samples import (
    CONTENTS,
    LONG_PATH,
    archive,
    compress,
    forge,
    manifest_of,
    member,
    members_of,
    pad,
    write_project,
    zstd,
)

from hatch_tilebox.archive import layout, reader
from hatch_tilebox.archive.reader import check_archive, open_archive, read_manifest
from hatch_tilebox.archive.writer import write_archive
from hatch_tilebox.core.errors import ArchiveError
from hatch_tilebox.core.model import MANIFEST_PATH, FileEntry, ReleaseManifest, canonical_json

MANIFEST = manifest_of()
GOOD = members_of(MANIFEST)
INDEX = {file.path: index for index, file in enumerate(MANIFEST.files, 1)}


def refused(data):
    """The error's text, without the name of the archive that it must begin with."""
    with pytest.raises(ArchiveError) as caught:
        content_of(data)
    text = str(caught.value)
    assert text.startswith("scene.tbrelease: ")
    return text


def with_member(path, block):
    return archive([*GOOD[: INDEX[path]], block, *GOOD[INDEX[path] + 1 :]])


def with_manifest(data):
    return archive([member(MANIFEST_PATH, data), *GOOD[1:]])


def with_files(*files):
    data = {**MANIFEST.to_dict(), "files": [file._asdict() for file in files]}
    return with_manifest(canonical_json(data))


def content_of(data):
    with open_archive(BytesIO(data), "scene.tbrelease") as opened:
        return {entry.path: b"".join(chunks) for entry, chunks in opened.members()}


def test_good_archive_is_read():
    assert content_of(archive(GOOD)) == CONTENTS


# Frame


@pytest.mark.parametrize("after", [compress(b""), b"\0", b"\x50\x2a\x4d\x18\x01\x00\x00\x00x"], ids=["frame", "byte", "skippable"])
def test_refuses_a_second_frame_or_trailing_bytes(after):
    assert "bytes after the zstd frame" in refused(archive(GOOD) + after)


@pytest.mark.parametrize("options", [{"size": False}, {"checksum": False}])
def test_refuses_a_frame_without_size_or_checksum(options):
    assert "must have a content size and a checksum" in refused(compress(b"".join(GOOD) + layout.END, **options))


@pytest.mark.parametrize("data", [b"", b"\x28", b"PK\x03\x04", b"\x50\x2a\x4d\x18\x01\x00\x00\x00x" + archive(GOOD)])
def test_refuses_what_is_no_zstd_frame(data):
    assert "does not begin with a zstd frame" in refused(data)


def test_refuses_a_window_that_readers_need_not_support():
    stream = b"".join(GOOD) + layout.END
    frame = bytearray(compress(stream))
    assert "damaged" in refused(bytes(frame[:4]) + b"\x84\xa0" + b"\0" * 4 + bytes(frame[7:]))


def test_refuses_a_file_that_is_cut_off_anywhere():
    data = archive(GOOD)
    for size in range(4, len(data)):
        text = refused(data[:size])
        assert "cut off" in text or "must have a content size" in text


def test_refuses_a_flipped_bit_anywhere():
    data = archive(GOOD)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        try:
            found = content_of(bytes(damaged))
        except ArchiveError:
            continue
        assert found == CONTENTS


# Manifest


@pytest.mark.parametrize("members", [GOOD[1:], [GOOD[1], GOOD[0], *GOOD[2:]], []], ids=["missing", "late", "empty"])
def test_refuses_a_missing_or_late_manifest(members):
    assert "its first member must be '.tilebox/release.json'" in refused(archive(members))


def test_refuses_a_tool_archive_without_manifest():
    assert "not 'pyproject.toml'" in refused(archive([member("pyproject.toml", b"")]))


def test_refuses_an_unknown_format():
    data = canonical_json({**MANIFEST.to_dict(), "format": 3, "novelty": True})
    text = refused(with_manifest(data))
    assert "'.tilebox/release.json' has format 3; this version reads up to format 2" in text
    assert "hint: update hatch-tilebox" in text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        b"[1]\n",
        b"\xff\n",
        b"[" * 100_000,
        b'{"format":' + b"9" * 5000 + b"}\n",
        canonical_json({**MANIFEST.to_dict(), "fingerprint": "0" * 64}),
        canonical_json({**MANIFEST.to_dict(), "extra": 1}),
        MANIFEST.to_json().replace(b'"format":2', b'"format":2.0'),
        MANIFEST.to_json().replace(b'"format":2', b'"format":true'),
        json.dumps({**MANIFEST.to_dict(), "fingerprint": "\ud800"}).encode(),
        b'{"format":1,"format":' * 3,
    ],
)
def test_refuses_what_is_no_manifest(data):
    text = refused(with_manifest(data))
    assert "'.tilebox/release.json' is not a manifest" in text
    assert len(text) < 1000


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(MANIFEST.to_dict()).encode(),
        MANIFEST.to_json()[:-1],
        MANIFEST.to_json().replace(b'"format":2', b'"format":0,"format":2'),
    ],
)
def test_refuses_a_manifest_that_is_not_canonical(data):
    assert "'.tilebox/release.json' is not canonical JSON" in refused(with_manifest(data))


def test_refuses_a_manifest_that_is_too_large_before_it_is_read():
    block = layout.member_header(MANIFEST_PATH, layout.MAX_MANIFEST_SIZE + 1, "0644", "")
    assert "has 8388609 bytes; at most 8388608 are allowed" in refused(archive([block]))


def test_refuses_a_manifest_of_too_many_parts():
    assert "has 131073 objects and arrays; at most 131072 are allowed" in refused(with_manifest(b"[" * (2**17 + 1)))


def test_refuses_a_manifest_that_is_cut_off():
    assert "'.tilebox/release.json' is cut off" in refused(compress(GOOD[0][:1000]))


# Paths


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/passwd", "'/etc/passwd' has an absolute path"),
        ("../evil.py", "'../evil.py' has \"..\" in its path"),
        ("scene_qa/../../evil.py", 'has ".." in its path'),
        ("./a.py", 'has an empty or "." part'),
        ("a//b.py", 'has an empty or "." part'),
        ("a/", 'has an empty or "." part'),
        ("a\0b", "is not UTF-8 text without NUL"),
        ("a\nb", r"'a\nb' has a control character in its path"),
        ("a\x1b[2Jb", r"'a\x1b[2Jb' has a control character in its path"),
        ("a\u202eb", r"'a\u202eb' has a control character in its path"),
        (MANIFEST_PATH, "has the name of the release's manifest"),
        ("a" * 5000, "has a path of more than 4096 bytes"),
    ],
)
def test_refuses_an_unsafe_path_in_the_manifest(path, text):
    manifest = ReleaseManifest.of(MANIFEST.workflow, MANIFEST.project, MANIFEST.tasks, [FileEntry(path, 0, "0644", "0" * 64)])
    assert text in refused(with_manifest(manifest.to_json()))


@pytest.mark.parametrize("path", ["/etc/passwd", "../evil.py", "a/./b", "esc\x1b[31m", "new\nline"])
def test_refuses_an_unsafe_path_of_a_member(path):
    text = refused(archive([*GOOD, member(path, b"")]))
    assert repr(path) in text
    assert "path" in text


def test_refuses_a_name_that_is_not_utf8():
    assert "its name is not UTF-8" in refused(with_member("run.sh", forge(GOOD[INDEX["run.sh"]], 0, b"\xff\xfe")))


def test_refuses_a_duplicate_path():
    assert "'run.sh' is in the archive twice" in refused(archive([*GOOD, GOOD[INDEX["run.sh"]]]))
    assert "'.tilebox/release.json' is in the archive twice" in refused(archive([*GOOD, GOOD[0]]))
    run = MANIFEST.files[INDEX["run.sh"] - 1]
    twice = ReleaseManifest.of(MANIFEST.workflow, MANIFEST.project, MANIFEST.tasks, [*MANIFEST.files, run])
    assert "'run.sh' is in the archive twice" in refused(with_manifest(twice.to_json()))


def test_refuses_an_unsorted_path():
    text = refused(archive([GOOD[0], GOOD[2], GOOD[1], *GOOD[3:]]))
    assert "'pyproject.toml' is missing or not sorted: 'run.sh' is in its place" in text
    first, second, *others = MANIFEST.files
    assert "files must be sorted, but 'pyproject.toml' is not in its place" in refused(with_files(second, first, *others))


def test_refuses_a_member_that_the_manifest_does_not_name():
    assert "'scene_qa/evil.py' is not in the manifest" in refused(archive([*GOOD, member("scene_qa/evil.py", b"")]))
    assert "'a.py' is not in the manifest" in refused(archive([GOOD[0], member("a.py", b"x"), *GOOD[1:]]))


def test_refuses_a_missing_member():
    assert "'run.sh' is missing or not sorted" in refused(archive([*GOOD[:2], *GOOD[3:]]))
    assert "'scene_qa/ä ö.txt' is in the manifest, but not in the archive" in refused(archive(GOOD[:-1]))


# Members


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (b"1", "a hard link"),
        (b"2", "a symbolic link"),
        (b"3", "a character device"),
        (b"4", "a block device"),
        (b"5", "a folder"),
        (b"6", "a pipe"),
        (b"7", "a contiguous file"),
        (b"S", "a sparse file"),
        (b"L", "a GNU long name"),
        (b"g", "a global pax header"),
        (b"\0", "a file of the old tar format"),
        (b"Z", "of an unknown kind"),
    ],
)
def test_refuses_a_member_that_is_no_regular_file(kind, text):
    found = refused(with_member("run.sh", forge(GOOD[INDEX["run.sh"]], 156, kind)))
    assert f"'run.sh' is {text}; a release holds regular files only" in found


def test_refuses_a_size_that_differs_from_the_manifest():
    block = layout.member_header("run.sh", 3, "0755", "")
    assert "'run.sh' has 3 bytes, but 80 in the manifest" in refused(with_member("run.sh", block + pad(b"abc")))


def test_refuses_content_that_differs_from_the_manifest():
    block = GOOD[INDEX["run.sh"]]
    assert "'run.sh' is not the file in the manifest" in refused(with_member("run.sh", block[:512] + pad(b"x" * 80)))


def test_refuses_a_mode_that_differs_from_the_manifest():
    block = layout.member_header("run.sh", 80, "0644", "") + GOOD[INDEX["run.sh"]][512:]
    assert "'run.sh' has mode 0644, but 0755 in the manifest" in refused(with_member("run.sh", block))


def test_refuses_more_bytes_than_the_manifest_adds_up_to():
    """A bomb stops at its first block too many: what follows is never unpacked."""
    bomb = compress(b"".join(GOOD) + bytes(2**28))
    assert "after the end of the tar stream" in refused(bomb)
    large = layout.member_header("scene_qa/zeros", 2**28, "0644", "") + bytes(2**28)
    assert "'scene_qa/zeros' is not in the manifest" in refused(archive([*GOOD, large]))


@pytest.mark.parametrize(
    ("start", "value", "text"),
    [
        (100, b"0004755\0", "has mode 4755"),
        (108, b"0001750\0", "belongs to a user"),
        (265, b"root", "belongs to a user"),
        (136, b"00000000000\0", "its time must be 1580601600"),
        (157, b"target", "must be empty"),
        (337, b"0000001\0", "must be empty"),
        (505, b"x", "must be empty"),
        (124, b"\x80" + b"\0" * 10 + b"\x50", "where a number must be"),
        (124, b"-0000000120\0", "where a number must be"),
        (124, b"77777777777\0", "has 8589934591 bytes"),
        (257, b"ustar  \0", "is not a ustar header"),
        (50, b"hidden", "bytes after the end of its name"),
    ],
)
def test_refuses_a_forged_header(start, value, text):
    found = refused(with_member("run.sh", forge(GOOD[INDEX["run.sh"]], start, value)))
    assert "'run.sh'" in found
    assert text in found


def test_refuses_a_header_with_a_wrong_checksum():
    block = forge(GOOD[INDEX["run.sh"]], 0, b"R", checksum=False)
    assert "'Run.sh': its header does not match its checksum" in refused(with_member("run.sh", block))


def test_refuses_bytes_hidden_in_the_padding():
    block = GOOD[INDEX["run.sh"]]
    assert "'run.sh' is not followed by zeros" in refused(with_member("run.sh", block[:-1] + b"x"))
    manifest = GOOD[0]
    assert "'.tilebox/release.json' is cut off or not followed by zeros" in refused(archive([manifest[:-1] + b"x", *GOOD[1:]]))


def pax(records, after):
    head = layout.member_header(".tilebox/long-path", len(records), "0644", "")
    return forge(head, 156, b"x") + pad(records) + after


@pytest.mark.parametrize(
    ("records", "text"),
    [
        (layout.path_record(b"run.sh"), "its pax header is not needed"),
        (layout.path_record(b"../evil"), "its pax header is not needed"),
        (layout.path_record(b"x" * 300).replace(b"path", b"size"), "must hold one record, the path"),
        (layout.path_record(b"x" * 300) + layout.path_record(b"y" * 300), "must hold one record, the path"),
        (layout.path_record(b"x" * 300).replace(b"310", b"999"), "must hold one record, the path"),
        (layout.path_record(b"x" * 300).replace(b"310", b"0310"), "must hold one record, the path"),
        (layout.path_record(b"x" * 300)[:-1], "must hold one record, the path"),
        (layout.path_record(b"x\0" * 150), "must hold one record, the path"),
        (layout.path_record(b"\xff" * 300), "its name is not UTF-8"),
        (layout.path_record(b"../" * 100), 'has ".." in its path'),
        (layout.path_record(b"/" + b"x" * 300), "has an absolute path"),
        (layout.path_record(b"x" * 300), "is not in the manifest"),
        (b"", "must hold one record, the path"),
        (layout.path_record(b"x" * 5000), "is too large for one path"),
    ],
)
def test_refuses_hostile_pax_records(records, text):
    assert text in refused(archive([*GOOD, pax(records, member("run.sh", b""))]))


def test_refuses_a_pax_header_after_a_pax_header():
    record = layout.path_record(b"x" * 300)
    assert "is a second pax header" in refused(archive([*GOOD, pax(record, pax(record, member("run.sh", b"")))]))


def test_refuses_another_name_beside_a_pax_header():
    block = GOOD[INDEX[LONG_PATH]]
    forged = block[:1024] + forge(block[1024:], 0, b"../../evil".ljust(100, b"\0"))
    assert "has '../../evil' as the name beside its pax header" in refused(with_member(LONG_PATH, forged))


def test_refuses_another_name_of_a_pax_header():
    """A program that knows no pax headers would unpack it under that name."""
    block = forge(GOOD[INDEX[LONG_PATH]][:512], 0, b"../../evil".ljust(100, b"\0"))
    assert "its pax header is named '../../evil'" in refused(with_member(LONG_PATH, block + GOOD[INDEX[LONG_PATH]][512:]))


@pytest.mark.parametrize("end", [b"", bytes(512), bytes(1023), bytes(512) + b"x" * 512, bytes(1024) + b"x"])
def test_refuses_a_stream_that_does_not_end_as_tar_does(end):
    assert "the tar stream must end with blocks of zeros" in refused(archive(GOOD, end))


def test_refuses_a_stream_that_ends_within_a_header():
    assert "ends within a member's header" in refused(compress(b"".join(GOOD[:2]) + GOOD[2][:100]))


# What is accepted beside our own spelling


def test_accepts_a_full_last_record_as_tar_writes_it():
    stream = b"".join(GOOD)
    assert content_of(archive(GOOD, bytes(-len(stream) % 10240))) == CONTENTS


def test_accepts_other_spellings_of_the_same_header():
    block = GOOD[INDEX["run.sh"]]
    for start, value in ((100, b"   755 \0"), (329, bytes(16)), (124, b"       120 \0"[:12]), (108, b"      0\0")):
        assert content_of(with_member("run.sh", forge(block, start, value))) == CONTENTS


# Reading


def test_manifest_comes_from_the_first_blocks_alone(tmp_path):
    """Nothing after them is read, so the size of the archive does not matter."""
    path = tmp_path / "a.tbrelease"
    contents = {"a.bin": random.Random(0).randbytes(10**6)}
    path.write_bytes(archive(members_of(manifest_of(contents), contents))[:200_000])
    assert read_manifest(path) == manifest_of(contents)
    with pytest.raises(ArchiveError, match="cut off"):
        check_archive(path)


def test_check_gives_the_digest_of_the_whole_file(tmp_path):
    artifact = write_archive(MANIFEST, write_project(tmp_path / "project"), tmp_path / "a.tbrelease")
    assert check_archive(artifact.path) == (MANIFEST, artifact)


def test_members_come_in_small_chunks(monkeypatch):
    monkeypatch.setattr(reader, "CHUNK", 100)
    with open_archive(BytesIO(archive(GOOD))) as opened:
        sizes = {entry.path: [len(chunk) for chunk in chunks] for entry, chunks in opened.members()}
    assert sizes["scene_qa/block.bin"] == [100, 100, 100, 100, 100, 12]
    assert sizes["scene_qa/empty.py"] == []


def test_chunks_that_nobody_takes_are_checked_too():
    block = GOOD[INDEX["run.sh"]]
    damaged = with_member("run.sh", block[:512] + pad(b"x" * 80))
    with open_archive(BytesIO(damaged), "a") as opened, pytest.raises(ArchiveError, match=r"'run\.sh' is not the file"):
        list(opened.members())


def test_pipes_that_give_a_byte_at_a_time_are_read():
    class Slow(BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    with open_archive(Slow(archive(GOOD))) as opened:
        assert {entry.path: b"".join(chunks) for entry, chunks in opened.members()} == CONTENTS


def test_file_that_cannot_be_read_is_named(tmp_path):
    for path in (tmp_path / "missing.tbrelease", tmp_path):
        with pytest.raises(ArchiveError) as caught:
            check_archive(path)
        assert str(caught.value).startswith(f"{path}: cannot be read: ")


def test_other_compression_parameters_are_read():
    options = {zstd.CompressionParameter.compression_level: 19, zstd.CompressionParameter.checksum_flag: 1}
    assert content_of(zstd.compress(b"".join(GOOD) + layout.END, options=options)) == CONTENTS
