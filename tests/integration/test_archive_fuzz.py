"""Randomly damaged and forged archives: the reader returns exactly the packed files, or raises ArchiveError."""

from __future__ import annotations

import json
import shutil
from io import BytesIO

from archive_samples import CONTENTS, archive, compress, forge, manifest_of, member, members_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hatch_tilebox.archive import layout
from hatch_tilebox.archive.extract import extract_archive
from hatch_tilebox.archive.reader import open_archive
from hatch_tilebox.core.errors import ArchiveError
from hatch_tilebox.core.model import MANIFEST_PATH, canonical_json

MANIFEST = manifest_of()
GOOD = members_of(MANIFEST)
STREAM = b"".join(GOOD) + layout.END
DATA = archive(GOOD)

fuzz = settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def read(data):
    """Return the content of the archive, or None if it is refused."""
    try:
        with open_archive(BytesIO(data), "fuzzed") as opened:
            found = {entry.path: b"".join(chunks) for entry, chunks in opened.members()}
            return opened.manifest, found
    except ArchiveError as error:
        if not str(error).startswith("fuzzed: "):
            raise
        return None


def check(data):
    found = read(data)
    assert found is None or found == (MANIFEST, CONTENTS)
    return found


def edits(length):
    """Changes to a text of bytes: flip, overwrite, insert, remove."""
    position = st.integers(0, length)
    return st.lists(
        st.one_of(
            st.tuples(st.just("flip"), position, st.integers(0, 7)),
            st.tuples(st.just("write"), position, st.binary(min_size=1, max_size=40)),
            st.tuples(st.just("insert"), position, st.binary(min_size=1, max_size=40)),
            st.tuples(st.just("remove"), position, st.integers(1, 600)),
        ),
        min_size=1,
        max_size=4,
    )


def edited(data, changes):
    result = bytearray(data)
    for kind, position, value in changes:
        if kind == "flip" and position < len(result):
            result[position] ^= 1 << value
        elif kind == "write":
            result[position : position + len(value)] = value
        elif kind == "insert":
            result[position:position] = value
        elif kind == "remove":
            del result[position : position + value]
    return bytes(result)


@fuzz
@given(edits(len(DATA)))
def test_damaged_file(changes):
    check(edited(DATA, changes))


@fuzz
@given(st.integers(0, len(DATA)), st.binary(max_size=100))
def test_cut_off_file_with_something_after_it(size, rest):
    check(DATA[:size] + rest)


@fuzz
@given(edits(len(STREAM)))
def test_damaged_tar_stream_in_a_good_frame(changes):
    """What neither a hash nor the fingerprint covers, such as a task's description, may differ: only the digest tells that."""
    found = read(compress(edited(STREAM, changes)))
    assert found is None or (found[0].fingerprint, found[1]) == (MANIFEST.fingerprint, CONTENTS)


NUMBERS = st.one_of(
    st.integers(0, 8**11 - 1).map(lambda number: b"%011o\0" % number),
    st.integers(0, 2**64 - 1).map(lambda number: b"\x80" + number.to_bytes(11, "big")),
    st.integers(0, 2**64 - 1).map(lambda number: b"\xff" + number.to_bytes(11, "big")),
    st.binary(min_size=12, max_size=12),
)
NAMES = st.one_of(
    st.sampled_from([b"../evil", b"/evil", b"a/../../evil", b"run.sh", MANIFEST_PATH.encode(), b"", b".", b"\xff", b"a" * 100]),
    st.binary(max_size=100),
).map(lambda name: name.ljust(100, b"\0"))
FIELDS = st.one_of(
    st.tuples(st.just(0), NAMES),
    st.tuples(st.just(345), NAMES),
    st.tuples(st.just(124), NUMBERS),
    st.tuples(st.just(136), NUMBERS),
    st.tuples(st.just(156), st.sampled_from([bytes([kind]) for kind in b"\x000123456789gxLKSNDMV"])),
    st.tuples(st.sampled_from([100, 108, 116, 157, 257, 265, 297, 329, 337, 500]), st.binary(min_size=1, max_size=12)),
)


@fuzz
@given(st.integers(0, len(GOOD) - 1), st.lists(FIELDS, min_size=1, max_size=3), st.booleans())
def test_forged_headers_with_good_checksums(index, fields, extra):
    block = GOOD[index]
    for start, value in fields:
        block = forge(block, start, value)
    check(archive([*GOOD, block] if extra else [*GOOD[:index], block, *GOOD[index + 1 :]]))


RECORDS = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.tuples(
            st.sampled_from([b"path", b"size", b"linkpath", b"mtime", b"hdrcharset", b"GNU.sparse.realsize"]),
            st.binary(max_size=300) | st.sampled_from([b"../" * 100, b"/" + b"x" * 300, b"99999999999999999999"]),
        ),
        max_size=3,
    ).map(lambda records: b"".join(b"%d %s=%s\n" % (len(key) + len(value) + 6, key, value) for key, value in records)),
    st.binary(min_size=100, max_size=400).map(layout.path_record),
)


@fuzz
@given(st.integers(0, len(GOOD)), RECORDS, st.sampled_from([b"x", b"g", b"X"]), st.integers(0, 2))
def test_hostile_pax_records(index, record, kind, times):
    head = forge(layout.member_header("pax", len(record), "0644", ""), 156, kind) + record + layout.padding(len(record))
    check(archive([*GOOD[:index], *[head] * times, *GOOD[index:]]))


@fuzz
@given(st.lists(st.integers(0, len(GOOD) - 1), max_size=2 * len(GOOD)))
def test_members_removed_repeated_and_moved(order):
    check(archive([GOOD[index] for index in order]))


@fuzz
@given(
    st.lists(
        st.sampled_from([DATA, compress(STREAM), compress(b""), compress(DATA), b"\x50\x2a\x4d\x18\0\0\0\0", STREAM]), max_size=3
    )
)
def test_nested_and_concatenated_frames(parts):
    found = check(b"".join(parts))
    assert found is None or len(parts) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@fuzz
@given(st.data())
def test_manifest_with_another_value_somewhere(data):
    manifest = json.loads(MANIFEST.to_json())
    node, path, parent = manifest, [], {}
    while isinstance(node, (dict, list)) and node and (not path or data.draw(st.booleans())):
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        path.append(key)
        parent, node = node, node[key]
    parent[path[-1]] = data.draw(JSON)
    try:
        text = canonical_json(manifest)
    except ValueError:
        return
    found = read(archive([member(MANIFEST_PATH, text), *GOOD[1:]]))
    assert found is None or found[1] == CONTENTS


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_nothing_is_written_outside_and_nothing_is_left(tmp_path_factory, data):
    index = data.draw(st.integers(0, len(GOOD) - 1))
    block = GOOD[index]
    for start, value in data.draw(st.lists(FIELDS, min_size=1, max_size=2)):
        block = forge(block, start, value)
    packed = archive([*GOOD[:index], block, *GOOD[index + data.draw(st.integers(0, 1)) :]])
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "a.tbrelease").write_bytes(packed)
    try:
        extract_archive(folder / "a.tbrelease", folder / "out")
    except ArchiveError:
        assert [path.name for path in folder.iterdir()] == ["a.tbrelease"]
    else:
        found = {
            path.relative_to(folder / "out").as_posix(): path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()
        }
        assert found == {**CONTENTS, MANIFEST_PATH: MANIFEST.to_json()}
    shutil.rmtree(folder)
